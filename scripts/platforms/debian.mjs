// Debian's packages: installed on this machine, unpacked from a newer release, or as a system of their own.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, run } from '../support/command.mjs'
import { once, patient } from './places.mjs'

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
const newer = 'trixie'

/** Installs packages on this machine, those that it lacks. */
export async function onThisMachine(packages) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own placeholders
  const query = await run('dpkg-query', ['--show', '--showformat', '${Package} ${db:Status-Status}\n', ...packages])
  const missing = packages.filter(name => !query.stdout.split('\n').includes(`${name} installed`))
  if (missing.length === 0) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await mustRun('apt-get', ['update', '--quiet'], { ...patient, env })
  await mustRun('apt-get', ['install', '--yes', '--no-install-recommends', ...missing], { ...patient, env })
}

/** A package of the newer release, or of its backports, unpacked. `name` may end with `=version`. */
export function unpacked(name, { architecture = 'amd64' } = {}) {
  return once(`debian/${name.replace(/[=/]/g, '-')}-${architecture}`, async directory => {
    const options = await newerRelease(architecture)
    await mustRun('apt-get', [...options, 'download', name], { ...patient, cwd: directory })
    const [file] = readdirSync(directory).filter(file => file.endsWith('.deb'))
    await mustRun('dpkg-deb', ['--extract', file, '.'], { ...patient, cwd: directory })
  })
}

/** Unpacks the newer release's source of a package into a directory, as its authors published it. */
export async function unpackSource(name, directory) {
  const options = await newerRelease('amd64')
  await mustRun('apt-get', [...options, 'source', '--download-only', name], { ...patient, cwd: directory })
  const [file] = readdirSync(directory).filter(file => file.includes('.orig.tar.'))
  await mustRun('tar', ['--extract', '--strip-components=1', '--file', file], { ...patient, cwd: directory })
}

/** The options that make apt use the newer release, with lists and a cache of its own: this machine's are untouched. */
async function newerRelease(architecture) {
  const apt = await once(`debian/apt-with-sources-${architecture}`, async directory => {
    for (const path of ['lists/partial', 'cache/archives/partial'])
      mkdirSync(join(directory, path), { recursive: true })
    writeFileSync(join(directory, 'status'), '')
    const suites = [newer, `${newer}-backports`]
    const where = suite => `[arch=${architecture} signed-by=${keyring}] ${mirror()} ${suite} main\n`
    const lines = suites.map(suite => `deb ${where(suite)}deb-src ${where(suite)}`)
    writeFileSync(join(directory, 'sources.list'), lines.join(''))
    await mustRun('apt-get', [...aptOptions(directory, architecture), 'update', '--quiet'], patient)
  })
  return aptOptions(apt, architecture)
}

function aptOptions(directory, architecture) {
  const settings = {
    'APT::Architecture': architecture,
    'APT::Architectures': architecture,
    'APT::Sandbox::User': 'root',
    'Dir::Cache': join(directory, 'cache'),
    'Dir::Etc::SourceList': join(directory, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': join(directory, 'lists'),
    'Dir::State::Status': join(directory, 'status'),
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])
}

/** Where this machine gets its packages from. */
function mirror() {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].filter(existsSync)
  const address = files.map(
    file => /^(?:URIs:|deb (?:\[.*?\] )?)\s*(https?:\S+)/m.exec(readFileSync(file, 'utf8'))?.[1],
  )
  const found = address.find(Boolean)
  if (!found) throw new Error('this machine names no Debian mirror in /etc/apt')
  return found
}

/** A system of the newer release with these packages, to `chroot` into. */
export async function system(name, packages) {
  await onThisMachine(['debootstrap'])
  const root = await once(`debian/${name}`, async directory => {
    const include = `--include=${packages.join(',')}`
    await mustRun('debootstrap', ['--variant=minbase', include, newer, directory, mirror()], patient)
  })
  copyFileSync('/etc/hosts', join(root, 'etc/hosts')) // or localhost doesn't resolve
  return root
}
