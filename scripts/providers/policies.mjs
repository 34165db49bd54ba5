// Policies as AWS words them, for the servers that take them.

const bucket = name => `arn:aws:s3:::${name}`

const allow = (actions, resources, more = {}) => ({ Effect: 'Allow', Action: actions, Resource: resources, ...more })

const policy = (...statements) => ({ Version: '2012-10-17', Statement: statements })

/** May do everything, with more than objects. */
export const administration = policy(allow(['*'], ['*']))

/** May do everything with objects and buckets. */
export const everything = policy(allow(['s3:*'], ['arn:aws:s3:::*']))

/** May read everything in the bucket. */
export const readOnly = (more = {}) =>
  policy(allow(['s3:GetObject', 's3:ListBucket'], [bucket('tbucket'), `${bucket('tbucket')}/*`], more))

/** May read and write below `limited/`, and list nothing. */
export const onePrefix = (more = {}) =>
  policy(allow(['s3:GetObject', 's3:PutObject'], [`${bucket('tbucket')}/limited/*`], more))

/** Anybody may read the bucket `public`. */
export const publicReads = policy(allow(['s3:GetObject'], [`${bucket('public')}/*`], { Principal: '*' }))

/** Several policies as one. */
export const together = (...policies) => policy(...policies.flatMap(({ Statement }) => Statement))
