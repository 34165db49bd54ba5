/** A heading's anchor, as GitHub and GitLab make it, so that links to headings work there and here. */
export function slugify(heading: string): string {
  const kept = heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, '')
  return kept.replaceAll(' ', '-')
}
