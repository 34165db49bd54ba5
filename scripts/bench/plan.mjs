// What the sections and their report agree on.

/** The corpora, in the order of the report. */
export const CORPORA = ['small', 'typical', 'large']

/** The round trip in milliseconds at which series are played and goals are set. */
export const FAR_MS = 30

/** Dollars at AWS's list prices: a request of each kind, and a byte for a month. */
export const PRICES = { put: 5e-6, get: 0.4e-6, byteMonth: 0.023e-9 }

/** How often a build of a series is restored, and for how many months it is kept. */
export const SERIES_USE = { restores: 10, months: 1 }

/** Fewer rounds than this are a trial. */
export const ROUNDS_OF_A_RESULT = 5

/** By how many runs, each with a certificate of its own, the entries of the section `trust` are stored. */
export const CI_RUNS = 8

export const PEER_NAMES = {
  ours: 'nx-s3-cache',
  sealed: 'nx-s3-cache, encrypted and signed',
  served: 'nx-s3-cache, the second way',
  http: "Nx's `HttpRemoteCache`",
  aws: '`@nx-aws-plugin/nx-aws-cache`',
  tar: '`tar` and `zstd -3`, local files',
  copy: '`cp -r`, the floor',
}
