// Garage, one node. AGPL: run as a program, never linked.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, run } from '../support/command.mjs'
import { fromCrates } from './install.mjs'
import { freePorts, Processes } from './processes.mjs'

const version = '2.5.0'

/** The form that Garage wants: GK and 24 digits, 64 digits. */
const keys = { id: 'GK0123456789abcdef01234567', secret: '01234567'.repeat(8) }
const reader = { id: 'GK0123456789abcdef89abcdef', secret: '89abcdef'.repeat(8) }

const configuration = (directory, [s3, rpc, admin]) => `
metadata_dir = "${directory}/meta"
data_dir = "${directory}/data"
db_engine = "lmdb"
replication_factor = 1
metadata_fsync = false
data_fsync = false
rpc_bind_addr = "127.0.0.1:${rpc}"
rpc_public_addr = "127.0.0.1:${rpc}"
rpc_secret = "${'0'.repeat(64)}"
[s3_api]
s3_region = "garage"
api_bind_addr = "127.0.0.1:${s3}"
root_domain = ".s3.localhost"
[admin]
api_bind_addr = "127.0.0.1:${admin}"
admin_token = "admin"
`

export const garage = {
  name: 'garage',
  title: 'Garage',
  version,
  settings: '`region: "garage"`; `forcePathStyle`, unless `root_domain` is set',
  install: () =>
    fromCrates(`garage-${version}`, [
      'garage',
      '--version',
      version,
      '--no-default-features',
      '--features',
      'lmdb,bundled-libs',
    ]),
  async start(directory, installed) {
    const ports = await freePorts(3)
    mkdirSync(directory, { recursive: true })
    writeFileSync(join(directory, 'garage.toml'), configuration(directory, ports))
    const program = join(installed, 'bin', 'garage')
    const env = { ...process.env, GARAGE_CONFIG_FILE: join(directory, 'garage.toml'), RUST_LOG: 'warn' }
    const processes = new Processes(join(directory, 'logs')).start(program, ['server'], { env })
    const answers = async () => (await run(program, ['status'], { env })).code === 0
    await processes.until(answers, 'Garage gives no status')
    await setUp((...words) => mustRun(program, words, { env }))
    const endpoint = `http://127.0.0.1:${ports[0]}`
    const hostStyle = `http://s3.localhost:${ports[0]}`
    return { endpoint, hostStyle, region: 'garage', keys, readOnlyKey: reader, stop: () => processes.stop() }
  },
}

async function setUp(garage) {
  const node = (await garage('node', 'id', '-q')).stdout.split('@')[0].trim()
  await garage('layout', 'assign', '-z', 'dc1', '-c', '20G', node)
  await garage('layout', 'apply', '--version', '1')
  await garage('bucket', 'create', 'tbucket')
  for (const [name, { id, secret }] of Object.entries({ owner: keys, reader })) {
    await garage('key', 'import', '--yes', '-n', name, id, secret)
  }
  await garage('bucket', 'allow', '--read', '--write', '--owner', 'tbucket', '--key', 'owner')
  await garage('bucket', 'allow', '--read', 'tbucket', '--key', 'reader')
}
