// The source of Rust's standard library, for targets that this machine's toolchain has no build of.
import { join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { unpacked } from './debian.mjs'

/** What makes cargo compile the standard library for any target, with the stable compiler. */
export async function standardLibrary() {
  const { stdout } = await mustRun('rustc', ['--version'])
  const [, version] = stdout.split(' ')
  // Debian packages it, in the very version of each compiler.
  const directory = await unpacked(`rust-src=${version}*`)
  return {
    arguments: ['-Zbuild-std=std,panic_unwind,test'],
    environment: {
      RUSTC_BOOTSTRAP: '1',
      __CARGO_TESTS_ONLY_SRC_ROOT: join(directory, `usr/src/rustc-${version}/library`),
    },
  }
}
