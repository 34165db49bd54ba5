// OpenStack Swift with its S3 layer: a proxy over one account, container and object server each.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { fromDebian } from './install.mjs'
import { freePorts, Processes } from './processes.mjs'

const kinds = ['account', 'container', 'object']

/** The proxy's filters in their order; those with settings of their own have them below. */
const pipeline =
  'catch_errors gatekeeper cache listing_formats bulk s3api tempauth copy slo dlo versioned_writes symlink proxy-server'

const common = (directory, port) => `
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 1
user = root
swift_dir = ${directory}
devices = ${directory}/devices
mount_check = false
disable_fallocate = true
log_level = ERROR
log_udp_host = 127.0.0.1
log_udp_port = 9
`

const proxy = memcached => `
[pipeline:main]
pipeline = ${pipeline}
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
storage_domain = s3.localhost
auth_pipeline_check = false
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin .reseller_admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:${memcached}
${['catch_errors', 'gatekeeper', 'listing_formats', 'bulk', 'copy', 'slo', 'dlo', 'versioned_writes', 'symlink']
  .map(name => `[filter:${name}]\nuse = egg:swift#${name}`)
  .join('\n')}
`

export const swift = {
  name: 'swift',
  title: 'Swift s3api',
  version: '2.30 (Debian 12)',
  settings: '`forcePathStyle`, unless `storage_domain` is set',
  install: () =>
    fromDebian('swift-proxy-server', ['swift-proxy', 'swift-account', 'swift-container', 'swift-object', 'memcached']),
  async start(directory) {
    const [port, memcached, ...ports] = await freePorts(2 + kinds.length)
    mkdirSync(join(directory, 'devices', 'd1'), { recursive: true })
    // All of Swift reads this one place.
    mkdirSync('/etc/swift', { recursive: true })
    const secret = '[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n'
    writeFileSync('/etc/swift/swift.conf', `${secret}[storage-policy:0]\nname = only\ndefault = yes\n`)
    const env = { ...process.env, SWIFT_DIR: directory }
    const processes = new Processes(join(directory, 'logs'))
    processes.start('memcached', ['-l', '127.0.0.1', '-p', String(memcached), '-u', 'root', '-m', '64'])
    for (const [index, kind] of kinds.entries()) {
      const file = await configure(directory, kind, ports[index])
      processes.start(`swift-${kind}-server`, [file], { env })
    }
    writeFileSync(join(directory, 'proxy.conf'), common(directory, port) + proxy(memcached))
    processes.start('swift-proxy-server', [join(directory, 'proxy.conf')], { env })
    await processes.listening(memcached, ...ports, port)
    return {
      endpoint: `http://127.0.0.1:${port}`,
      hostStyle: `http://s3.localhost:${port}`,
      keys: { id: 'test:tester', secret: 'testing' },
      stop: () => processes.stop(),
    }
  },
}

/** The ring and the configuration of a storage server. */
async function configure(directory, kind, port) {
  const ring = (...words) => mustRun('swift-ring-builder', [join(directory, `${kind}.builder`), ...words])
  const place = { region: '1', zone: '1', ip: '127.0.0.1', port: String(port), device: 'd1', weight: '1' }
  await ring('create', '4', '1', '1')
  await ring('add', ...Object.entries(place).flatMap(([name, value]) => [`--${name}`, value]))
  await ring('rebalance')
  const file = join(directory, `${kind}.conf`)
  const server = `[pipeline:main]\npipeline = ${kind}-server\n[app:${kind}-server]\nuse = egg:swift#${kind}\n`
  writeFileSync(file, common(directory, port) + server)
  return file
}
