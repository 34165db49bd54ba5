// Zig as a C compiler and linker for other systems: PyPI has it, with the headers and libraries of all of them.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { home, once, patient } from './places.mjs'

const version = '0.17.1'

/** The compiler for a target of Zig's, as a program that takes what Rust passes. */
export async function zigCompiler(target) {
  const python = await zig()
  const program = join(home, `zig-${version}`, target, 'cc')
  mkdirSync(dirname(program), { recursive: true })
  writeFileSync(program, wrapper(python, target))
  chmodSync(program, 0o755)
  return program
}

async function zig() {
  const directory = await once(`zig-${version}/python`, async directory => {
    await mustRun('python3', ['-m', 'venv', directory])
    await mustRun(join(directory, 'bin/pip'), ['install', '--quiet', `ziglang==${version}`], patient)
    mkdirSync(join(directory, 'cache'))
  })
  return join(directory, 'bin/python')
}

/**
 * Rust names targets in its own way, and wants libgcc's unwinder, which Zig calls libunwind. For Windows it wants msvcrt, where
 * Zig has the newer C library, and Node's, which nothing needs; to Zig, the import library of `windows-targets` is a static
 * one, and a list of exports a file, no option.
 */
function wrapper(python, target) {
  return `#!/bin/sh
for argument do
  shift
  case "$argument" in
    --target=* | -m64 | -Wl,--no-undefined-version | -lmsvcrt | -lnode) ;;
    -lwindows.*) set -- "$@" -Wl,-Bstatic "$argument" -Wl,-Bdynamic ;;
    -Wl,*.def) set -- "$@" "\${argument#-Wl,}" ;;
    -lgcc_s) set -- "$@" -lunwind ;;
    *) set -- "$@" "$argument" ;;
  esac
done
export ZIG_GLOBAL_CACHE_DIR='${join(python, '../../cache')}'
exec '${python}' -m ziglang cc -target ${target} "$@"
`
}
