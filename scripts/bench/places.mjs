// Where the benchmark keeps what it makes: out of the repository, and for the next time.
import { join } from 'node:path'
import { cacheHome } from '../support/paths.mjs'

export const home = join(cacheHome, 'bench')

/** Scratch of this process. */
export const work = join(home, `work-${process.pid}`)
