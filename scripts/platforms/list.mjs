// Every platform that there is a package for, and what this machine can do for it.
import { arm64Glibc, musl } from './linux.mjs'
import { macos } from './macos.mjs'
import * as windows from './windows.mjs'

/** Of the integration tests not those that start programs or measure time, for which QEMU is too slow. */
const inQemu = { it: ['archive::', 'cache::', 'object_store::', 'vectors::'] }

/**
 * `name` is the platform's among npm's packages, `target` what is built here in place of `published`, and `runs` are the
 * suites that can run. `only` names the tests to run of a test program, where not all are.
 */
export const platforms = [
  {
    name: 'linux-x64-musl',
    target: 'x86_64-unknown-linux-musl',
    npm: { os: 'linux', cpu: 'x64', libc: 'musl' },
    runs: ['rust', 'javascript', 'contract', 'nx'],
    ...musl('x64'),
  },
  {
    name: 'win32-x64',
    target: 'x86_64-pc-windows-gnu',
    published: 'x86_64-pc-windows-msvc',
    npm: { os: 'win32', cpu: 'x64' },
    runs: ['rust', 'javascript', 'contract', 'nx'],
    ...windows.x64,
  },
  {
    name: 'linux-arm64-gnu',
    target: 'aarch64-unknown-linux-gnu',
    npm: { os: 'linux', cpu: 'arm64', libc: 'glibc' },
    runs: ['contract', 'nx', 'rust', 'javascript'],
    only: inQemu,
    ...arm64Glibc,
  },
  {
    name: 'linux-arm64-musl',
    target: 'aarch64-unknown-linux-musl',
    npm: { os: 'linux', cpu: 'arm64', libc: 'musl' },
    runs: ['contract', 'nx', 'rust', 'javascript'],
    only: inQemu,
    ...musl('arm64'),
  },
  { name: 'darwin-arm64', target: 'aarch64-apple-darwin', runs: [], ...macos('aarch64') },
  { name: 'darwin-x64', target: 'x86_64-apple-darwin', runs: [], ...macos('x86_64') },
  {
    name: 'win32-arm64',
    target: 'aarch64-pc-windows-gnullvm',
    published: 'aarch64-pc-windows-msvc',
    runs: [],
    ...windows.arm64,
  },
]
