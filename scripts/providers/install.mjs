// Gets servers from the registries that have them, each once, into the user's cache directory.
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun, run } from '../support/command.mjs'
import { madeOnce } from '../support/made-once.mjs'
import { cacheHome } from '../support/paths.mjs'

/** The directory of a server of this name and version, which `make(directory)` fills when there is none. */
const once = (name, make) => madeOnce(join(cacheHome, 'servers', name), make)

const patient = { timeout: 3_600_000 }

/** Packages from PyPI in a virtual environment. */
export function fromPyPI(name, packages) {
  return once(name, async directory => {
    await mustRun('python3', ['-m', 'venv', directory])
    await mustRun(join(directory, 'bin', 'pip'), ['--disable-pip-version-check', 'install', ...packages], patient)
  })
}

/** A program from crates.io. Its own build is most of the time, so it is optimised little. */
export function fromCrates(name, args) {
  return once(name, directory => {
    const env = { ...process.env, CARGO_PROFILE_RELEASE_OPT_LEVEL: '1', CARGO_TARGET_DIR: join(directory, 'target') }
    for (const variable of ['CARGO_BUILD_TARGET', 'RUSTFLAGS']) delete env[variable]
    return mustRun('cargo', ['install', ...args, '--locked', '--root', directory], { ...patient, env }).then(() =>
      rmSync(join(directory, 'target'), { recursive: true, force: true }),
    )
  })
}

/** A program from the Go module proxy. */
export function fromGo(name, module) {
  return once(name, async directory => {
    await mustRun('go', ['install', module], { ...patient, env: { ...process.env, GOBIN: join(directory, 'new') } })
    renameSync(join(directory, 'new'), join(directory, 'bin'))
  })
}

/** Debian's packages, for the whole machine: only `program` tells whether they are there. */
export async function fromDebian(program, packages) {
  if ((await run('which', [program])).code === 0) return
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  await mustRun('apt-get', ['update', '--quiet'], { ...patient, env })
  await mustRun('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], { ...patient, env })
}
