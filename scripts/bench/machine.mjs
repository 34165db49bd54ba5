// Where figures were measured, and with which versions.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { newestNx } from '../support/nx-versions.mjs'
import { repository } from '../support/paths.mjs'
import { awsPlugin } from './build.mjs'
import { workIsInMemory } from './places.mjs'

export function machine() {
  const processors = cpus()
  return {
    processor: processors[0].model,
    cores: processors.length,
    memoryGB: Math.round(totalmem() / 1e9),
    system: `${type()} ${release().split('-')[0]}`,
    restoredTo: workIsInMemory ? 'a file system in memory' : 'the disk',
    date: new Date().toISOString().slice(0, 10),
  }
}

export function versions() {
  const ours = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).version
  const commit = firstLine('git', ['rev-parse', '--short', 'HEAD'])
  return {
    'nx-s3-cache': `${ours}${commit ? ` (${commit})` : ''}`,
    nx: newestNx,
    '@nx-aws-plugin/nx-aws-cache': awsPlugin.split('@').at(-1),
    Node: process.version.slice(1),
    rustc: firstLine('rustc', ['--version'])?.split(' ')[1],
    zstd: firstLine('zstd', ['--version'])?.match(/v(\d[\d.]*)/)?.[1],
    tar: firstLine('tar', ['--version'])?.split(' ').at(-1),
  }
}

function firstLine(program, args) {
  try {
    return execFileSync(program, args, { cwd: repository, encoding: 'utf8' }).split('\n')[0]
  } catch {
    return undefined
  }
}
