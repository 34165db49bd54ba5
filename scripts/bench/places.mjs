// Where the benchmark keeps what it makes: out of the repository, and for the next time.
import { existsSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheHome } from '../support/paths.mjs'

/** Corpora, downloads and results. */
export const home = join(cacheHome, 'bench')

const MEMORY = '/dev/shm'
const NEEDED_BYTES = 4e9

/**
 * Scratch of this process, where peers restore to: in memory where there is room, unless NX_S3_CACHE_BENCH_SCRATCH says
 * otherwise. On a disk it would matter who comes first, since ext4 searches long for inodes that were not deleted
 * within the last minutes, and nearly all were.
 */
export const work = join(
  process.env.NX_S3_CACHE_BENCH_SCRATCH || (hasRoom(MEMORY) ? MEMORY : home),
  `nx-s3-cache-bench-${process.pid}`,
)

/** Scratch for what is too large for memory. */
export const largeWork = join(home, `work-${process.pid}`)

export const workIsInMemory = work.startsWith(MEMORY)

function hasRoom(path) {
  if (!existsSync(path)) return false
  const { bavail, bsize } = statfsSync(path)
  return bavail * bsize > NEEDED_BYTES
}
