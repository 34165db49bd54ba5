// VersityGW: a file system as S3.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { fromGo } from './install.mjs'
import { onePrefix, publicReads, readOnly, together } from './policies.mjs'
import { freePorts, Processes } from './processes.mjs'

const version = 'v1.8.0'
const keys = { id: 'testkey', secret: 'testsecretkey123' }
const reader = { id: 'reader', secret: 'readersecret123' }
const limited = { id: 'limited', secret: 'limitedsecret123' }

export const versitygw = {
  name: 'versitygw',
  title: 'VersityGW',
  version,
  settings: '`forcePathStyle`, unless `--virtual-domain` is set',
  install: () => fromGo(`versitygw-${version}`, `github.com/versity/versitygw/cmd/versitygw@${version}`),
  async start(directory, installed) {
    const [port] = await freePorts(1)
    const [storage, accounts] = [join(directory, 'storage'), join(directory, 'accounts')]
    for (const path of [storage, accounts]) mkdirSync(path, { recursive: true })
    const program = join(installed, 'bin', 'versitygw')
    const endpoint = `http://127.0.0.1:${port}`
    const account = ['--access', keys.id, '--secret', keys.secret]
    const words = [...account, '--port', `127.0.0.1:${port}`, '--iam-dir', accounts, '--virtual-domain', 's3.localhost']
    const processes = new Processes(join(directory, 'logs')).start(program, [...words, 'posix', storage])
    await processes.listening(port)
    for (const { id, secret } of [reader, limited]) {
      const user = ['create-user', '--access', id, '--secret', secret, '--role', 'user']
      await mustRun(program, ['admin', ...account, '--endpoint-url', endpoint, ...user])
    }
    const named = ({ id }) => ({ Principal: { AWS: [id] } })
    return {
      endpoint,
      hostStyle: `http://s3.localhost:${port}`,
      keys,
      readOnlyKey: reader,
      prefixKey: limited,
      publicBucket: 'public',
      policies: { public: publicReads, tbucket: together(readOnly(named(reader)), onePrefix(named(limited))) },
      stop: () => processes.stop(),
    }
  },
}
