// What the sections and their report agree on.

/** The corpora, in the order of the report. */
export const CORPORA = ['small', 'typical', 'large']

/** Our default of the option `concurrency`. */
export const CONCURRENCY = 32

/** Fewer rounds than this are a trial. */
export const ROUNDS_OF_A_RESULT = 5

export const PEER_NAMES = {
  ours: 'nx-s3-cache',
  sealed: 'nx-s3-cache, encrypted and signed',
  served: 'nx-s3-cache, the second way',
  http: "Nx's `HttpRemoteCache`",
  aws: '`@nx-aws-plugin/nx-aws-cache`',
  tar: '`tar` and `zstd -3`, local files',
  copy: '`cp -r`, the floor',
}
