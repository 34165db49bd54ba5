import type { MarkdownRenderer } from 'vitepress'

/** An empty cell in the head of a table heads nothing, and a screen reader should not announce it. */
export function emptyHeads(md: MarkdownRenderer): void {
  md.core.ruler.push('empty heads', ({ tokens }) => {
    for (const [index, token] of tokens.entries()) {
      const [content, end] = tokens.slice(index + 1, index + 3)
      if (token.type === 'th_open' && content?.content === '' && end) {
        token.tag = 'td'
        end.tag = 'td'
      }
    }
  })
}
