#!/usr/bin/env node
// Packs what gets published: one tarball a platform whose binary is there, and the main package, which names the
// platform packages as optional dependencies of exactly its own version. The repository's package.json doesn't name
// them, so that a clone installs before they are published.
//
//   node npm/pack.mjs <folder for the tarballs> [--partial]
//
// Binaries are taken from npm/<target>/ or, as `napi build --platform` leaves them, from the top folder. Without
// --partial every platform must be there.
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..')
const partial = process.argv.includes('--partial')
const [out] = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
if (!out) fail('Usage: node npm/pack.mjs <folder for the tarballs> [--partial]')

const destination = resolve(out)
const main = readJson(join(root, 'package.json'))
mkdirSync(destination, { recursive: true })
const platforms = packPlatforms()
packMain(platforms)

function packPlatforms() {
  const targets = readdirSync(join(root, 'npm'), { withFileTypes: true }).filter(entry => entry.isDirectory())
  const packed = []
  for (const { name: target } of targets) {
    const folder = join(root, 'npm', target)
    const description = readJson(join(folder, 'package.json'))
    if (description.version !== main.version)
      fail(`npm/${target} has version ${description.version}, not ${main.version}: run "npx napi version"`)
    if (!provideBinary(folder, description.main)) {
      if (!partial) fail(`${description.main} is missing: build it, or pass --partial`)
      continue
    }
    pack(folder)
    packed.push(description.name)
  }
  if (packed.length === 0) fail('There is no binary at all: run "npm run build" first')
  return packed
}

function provideBinary(folder, file) {
  const built = join(root, file)
  if (existsSync(built)) copyFileSync(built, join(folder, file))
  return existsSync(join(folder, file))
}

function packMain(platforms) {
  const stage = mkdtempSync(join(tmpdir(), 'nx-s3-cache-pack-'))
  try {
    for (const path of filesOf(root)) {
      mkdirSync(dirname(join(stage, path)), { recursive: true })
      cpSync(join(root, path), join(stage, path))
    }
    const { devDependencies: _, scripts: __, ...published } = main
    published.optionalDependencies = Object.fromEntries(platforms.map(name => [name, main.version]))
    writeFileSync(join(stage, 'package.json'), `${JSON.stringify(published, null, 2)}\n`)
    pack(stage)
  } finally {
    rmSync(stage, { recursive: true })
  }
}

function filesOf(folder) {
  const [listing] = JSON.parse(npm(['pack', '--dry-run', '--json'], folder))
  return listing.files.map(file => file.path)
}

function pack(folder) {
  const [{ filename }] = JSON.parse(npm(['pack', '--json', '--pack-destination', destination], folder))
  process.stdout.write(`${join(destination, filename)}\n`)
}

function npm(args, cwd) {
  return execFileSync('npm', [...args, '--ignore-scripts'], {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function fail(message) {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}
