// What is stored and restored: three corpora out of published npm packages, made once and kept. Each is a directory
// with one directory an entry, as Nx's cache directory is.
import { createHash } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { mustRun } from '../support/command.mjs'
import { filesBelow } from './files.mjs'
import { home } from './places.mjs'

const packages = JSON.parse(readFileSync(new URL('packages.json', import.meta.url), 'utf8'))

/** Part of the place where a corpus is kept: another number makes all of them anew. */
const RECIPE = 1
const SMALL_ENTRIES = 400
const CROWD_ENTRIES = 2000
const LARGE_FILE_BYTES = 256e6

const makers = {
  small: staging => makeEntriesOfFewFiles(staging, SMALL_ENTRIES),
  crowd: staging => makeEntriesOfFewFiles(staging, CROWD_ENTRIES),
  typical: makeTypical,
  large: makeLarge,
  smoke: makeSmoke,
  releases: makeReleases,
  monorepo: makeMonorepo,
}

/** The series, each of several builds one after the other. */
export const SERIES = ['releases', 'monorepo']

/** The corpus with this name: `{ name, directory, entries: [{ hash, files, bytes }], files, bytes }`. */
export async function corpus(name) {
  return corpusIn(name, await made(name))
}

/** The builds of a series in their order, each a corpus. */
export async function series(name) {
  const directory = await made(name)
  return directoriesIn(directory).map(build => corpusIn(name, join(directory, build)))
}

/** Where the corpus or series `name` is. */
async function made(name) {
  const directory = join(home, 'corpora', `${name}-${RECIPE}`)
  if (!existsSync(directory)) await make(name, directory)
  return directory
}

function corpusIn(name, directory) {
  const entries = directoriesIn(directory).map(hash => measure(directory, hash))
  const sum = key => entries.reduce((total, entry) => total + entry[key], 0)
  return { name, directory, entries, files: sum('files'), bytes: sum('bytes') }
}

/** Removes what a peer left beside the entries of a corpus: AwsCache writes its archives there. */
export function tidy({ directory }) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (!entry.isDirectory()) rmSync(join(directory, entry.name))
  }
}

function directoriesIn(path) {
  return readdirSync(path, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(entry => entry.name)
    .sort()
}

/** The packages a corpus is made from. */
export function packagesOf(name) {
  return name === 'large' ? Object.values(packages.large).flat() : packages[name]
}

async function make(name, directory) {
  mkdirSync(join(home, 'corpora'), { recursive: true })
  const staging = mkdtempSync(`${directory}-`)
  try {
    await makers[name](staging)
    renameSync(staging, directory)
  } catch (error) {
    rmSync(staging, { recursive: true, force: true })
    throw error
  }
}

function measure(directory, hash) {
  const files = filesBelow(join(directory, hash))
  return { hash, files: files.length, bytes: files.reduce((sum, file) => sum + lstatSync(file).size, 0) }
}

/** A name as Nx gives it: a long decimal number, the same on every machine. */
export function hashOf(text) {
  return BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 16)}`).toString()
}

/** An entry a package: what `npm install` would unpack. */
async function makeTypical(staging) {
  for (const name of packages.typical) await unpack(name, join(staging, hashOf(name), 'dist'))
}

/** A build a version: several packages, each in ten versions one after the other. */
async function makeReleases(staging) {
  for (const [name, versions] of Object.entries(packages.series.releases)) {
    for (const [build, version] of versions.entries()) await unpackBuild(staging, build, name, version)
  }
}

/**
 * A monorepo built at ten of its commits: those of its releases. A build between releases has no version of its own to
 * write into its files, so each carries the same one.
 */
async function makeMonorepo(staging) {
  const { names, versions } = packages.series.monorepo
  for (const [build, version] of versions.entries()) {
    for (const name of names) {
      for (const file of filesBelow(await unpackBuild(staging, build, name, version))) replaceVersion(file, version)
    }
  }
}

/** Unpacks what one package is in one build of a series; answers where. */
async function unpackBuild(staging, build, name, version) {
  const directory = join(staging, String(build), hashOf(`${name} in build ${build}`), 'dist')
  await unpack(`${name}@${version}`, directory)
  return directory
}

function replaceVersion(file, version) {
  const text = readFileSync(file, 'latin1')
  if (text.includes(version)) writeFileSync(file, text.replaceAll(version, '0.0.0'), 'latin1')
}

/** Deals files of at most 64 KiB out to entries of two to eight. */
async function makeEntriesOfFewFiles(staging, entries) {
  const source = mkdtempSync(join(home, 'corpora', 'source-'))
  try {
    for (const name of packages.small) await unpack(name, join(source, name.replace('/', '+')))
    const files = filesBelow(source).filter(file => lstatSync(file).size <= 64 * 1024)
    dealOut(files, staging, entries)
  } finally {
    rmSync(source, { recursive: true })
  }
}

function dealOut(files, staging, entries) {
  let next = 0
  for (let entry = 0; entry < entries; entry++) {
    const directory = join(staging, hashOf(`small ${entry}`), 'dist')
    mkdirSync(join(directory, 'lib'), { recursive: true })
    const count = 2 + (entry % 7)
    for (let n = 0; n < count; n++, next++) {
      const file = files[next % files.length]
      copyFileSync(file, join(directory, n % 2 ? 'lib' : '', `${n}-${basename(file)}`))
    }
  }
}

/** One entry of 500 MB: a file of 256 MB, as an application's bundle of binaries would be, and two thousand others. */
async function makeLarge(staging) {
  const directory = join(staging, hashOf('large'), 'dist')
  for (const name of packages.large.beside) await unpack(name, join(directory, name.split('@')[0]))
  const source = mkdtempSync(join(home, 'corpora', 'source-'))
  try {
    for (const name of packages.large.file) await unpack(name, join(source, name.replace('/', '+')))
    concatenate(filesBelow(source), join(directory, 'bundle.bin'), LARGE_FILE_BYTES)
  } finally {
    rmSync(source, { recursive: true })
  }
}

function concatenate(files, to, limit) {
  const output = openSync(to, 'wx')
  let left = limit
  for (const file of files) left -= writeSync(output, readFileSync(file).subarray(0, left))
  closeSync(output)
}

/** For the test of the benchmark itself: this repository's own scripts, and nothing from a registry. */
async function makeSmoke(staging) {
  const here = new URL('.', import.meta.url).pathname
  dealOut(filesBelow(here), staging, 4)
  writeFileSync(join(staging, hashOf('small 0'), 'dist', 'long.txt'), 'a line of it\n'.repeat(100_000))
}

/** Unpacks a published package; npm checks its integrity. */
async function unpack(name, directory) {
  const tarballs = join(home, 'packages')
  mkdirSync(tarballs, { recursive: true })
  const tarball = join(tarballs, `${name.replace(/^@/, '').replace(/[/@]/g, '-')}.tgz`)
  if (!existsSync(tarball)) {
    await mustRun('npm', ['pack', name, '--pack-destination', tarballs, '--ignore-scripts'], { timeout: 600_000 })
  }
  mkdirSync(directory, { recursive: true })
  await mustRun('tar', ['-xzf', tarball, '-C', directory, '--strip-components=1', '--no-same-owner'])
}
