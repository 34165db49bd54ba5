// macOS: Zig compiles and links; nothing here runs it.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { once } from './places.mjs'
import { zigCompiler } from './zig.mjs'

/** What the SDK would say of the system libraries that we use. The symbols are looked up when the addon is loaded. */
const libraries = [
  'System/Library/Frameworks/Security.framework/Security',
  'System/Library/Frameworks/CoreFoundation.framework/CoreFoundation',
  'usr/lib/libiconv',
]

export function macos(processor) {
  return {
    async prepare() {
      const compiler = await zigCompiler(`${processor}-macos`)
      const stubs = await once('macos-stubs', directory => {
        for (const path of libraries) stub(directory, path)
      })
      const variable = `${processor === 'x86_64' ? 'x86_64' : 'aarch64'}_apple_darwin`
      return {
        cargo: {
          [`CC_${variable}`]: compiler,
          CRATE_CC_NO_DEFAULTS: '1',
          [`CARGO_TARGET_${variable.toUpperCase()}_LINKER`]: compiler,
          [`CARGO_TARGET_${variable.toUpperCase()}_RUSTFLAGS`]: `-C link-arg=-F${join(stubs, 'System/Library/Frameworks')} -C link-arg=-L${join(stubs, 'usr/lib')} -C link-arg=-Wl,-undefined,dynamic_lookup`,
        },
      }
    },
  }
}

function stub(directory, path) {
  const folder = join(directory, path, '..')
  mkdirSync(folder, { recursive: true })
  const text = `--- !tapi-tbd
tbd-version: 4
targets: [ x86_64-macos, arm64-macos ]
install-name: '/${path}'
exports:
  - targets: [ x86_64-macos, arm64-macos ]
    symbols: [ ]
...
`
  writeFileSync(`${join(directory, path)}.tbd`, text)
}
