// Ceph's object gateway over one monitor and one storage daemon that keeps everything in memory.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, run } from '../support/command.mjs'
import { fromDebian } from './install.mjs'
import { everything, onePrefix, publicReads, readOnly, together } from './policies.mjs'
import { freePorts, Processes } from './processes.mjs'

const users = {
  owner: { id: 'testkey', secret: 'testsecretkey123' },
  reader: { id: 'reader', secret: 'readersecret123' },
  limited: { id: 'limited', secret: 'limitedsecret123' },
}

const arn = user => `arn:aws:iam:::user/${user}`

const configuration = (directory, { id, monitor, gateway }) => `
[global]
fsid = ${id}
mon_host = v1:127.0.0.1:${monitor}
ms_bind_msgr2 = false
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_crush_chooseleaf_type = 0
osd_pool_default_pg_num = 8
osd_pool_default_pgp_num = 8
mon_max_pg_per_osd = 1000
run_dir = ${directory}/run
admin_socket = ${directory}/run/$cluster-$name.$pid.asok
log_file = ${directory}/log/$name.log
pid_file = ${directory}/run/$name.pid
keyring = ${directory}/keyring
mon_data = ${directory}/mon
mon_data_avail_crit = 1
mon_data_avail_warn = 2
osd_data = ${directory}/osd
osd_objectstore = memstore
memstore_device_bytes = 6442450944
mon_warn_on_insecure_global_id_reclaim = false
mon_warn_on_insecure_global_id_reclaim_allowed = false
auth_allow_insecure_global_id_reclaim = true
[client.rgw]
rgw_frontends = beast endpoint=127.0.0.1:${gateway} tcp_nodelay=1
rgw_dns_name = s3.localhost
rgw_sts_key = abcdefghijklmnop
rgw_s3_auth_use_sts = true
`

export const ceph = {
  name: 'ceph',
  title: 'Ceph RGW',
  version: '16.2 (Debian 12)',
  settings: '`forcePathStyle`, unless `rgw_dns_name` is set',
  install: () => fromDebian('radosgw', ['ceph-mon', 'ceph-osd', 'radosgw', 'ceph-common']),
  async start(directory) {
    const [monitor, gateway] = await freePorts(2)
    for (const name of ['mon', 'osd', 'run', 'log']) mkdirSync(join(directory, name), { recursive: true })
    const file = join(directory, 'ceph.conf')
    writeFileSync(file, configuration(directory, { id: crypto.randomUUID(), monitor, gateway }))
    const processes = new Processes(join(directory, 'logs'))
    try {
      await startDaemons(processes, { directory, file, monitor, gateway })
    } catch (error) {
      await processes.stop()
      throw error
    }
    const roleArn = await setUp((...words) => mustRun('radosgw-admin', ['-c', file, '-n', 'client.rgw', ...words]))
    const endpoint = `http://127.0.0.1:${gateway}`
    const named = user => ({ Principal: { AWS: [arn(user)] } })
    return {
      endpoint,
      hostStyle: `http://s3.localhost:${gateway}`,
      keys: users.owner,
      readOnlyKey: users.reader,
      prefixKey: users.limited,
      publicBucket: 'public',
      policies: { public: publicReads, tbucket: together(readOnly(named('reader')), onePrefix(named('limited'))) },
      sts: { endpoint, roleArn },
      stop: () => processes.stop(),
    }
  },
}

async function startDaemons(processes, { directory, file, monitor, gateway }) {
  const keyring = join(directory, 'keyring')
  const all = ['--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *']
  await mustRun('ceph-authtool', ['--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *'])
  await mustRun('ceph-authtool', [keyring, '--gen-key', '-n', 'client.admin', ...all])
  const map = join(directory, 'monmap')
  const fsid = (await mustRun('ceph-conf', ['-c', file, '--lookup', 'fsid'])).stdout.trim()
  await mustRun('monmaptool', ['--create', '--addv', 'a', `[v1:127.0.0.1:${monitor}]`, '--fsid', fsid, map])
  await mustRun('ceph-mon', ['--mkfs', '-i', 'a', '--monmap', map, '--keyring', keyring, '-c', file])
  processes.start('ceph-mon', ['-f', '-i', 'a', '-c', file])
  await processes.listening(monitor)
  await mustRun('ceph', ['-c', file, 'osd', 'create'])
  await mustRun('ceph-osd', ['-i', '0', '-c', file, '--mkfs'])
  processes.start('ceph-osd', ['-f', '-i', '0', '-c', file])
  const up = async () => (await run('ceph', ['-c', file, 'osd', 'stat'])).output.includes('1 up')
  await processes.until(up, 'the storage daemon never comes up')
  processes.start('radosgw', ['-f', '-n', 'client.rgw', '-c', file])
  await processes.listening(gateway)
}

async function setUp(admin) {
  for (const [name, { id, secret }] of Object.entries(users)) {
    const keys = ['--access-key', id, '--secret-key', secret]
    await admin('user', 'create', '--uid', name, '--display-name', name, ...keys)
  }
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: [arn('owner')] }, Action: ['sts:AssumeRole'] }],
  }
  const role = ['--role-name', 'cache']
  await admin('role', 'create', ...role, '--assume-role-policy-doc', JSON.stringify(trust))
  await admin('role-policy', 'put', ...role, '--policy-name', 'own', '--policy-doc', JSON.stringify(everything))
  const { stdout } = await admin('role', 'get', ...role)
  return JSON.parse(stdout).Arn
}
