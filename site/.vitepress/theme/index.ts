import DefaultTheme from 'vitepress/theme-without-fonts'
import { h } from 'vue'
import demo from '../../../docs/pictures/demo.svg?url'
import './style.css'

const alt = 'Seven tasks run on one machine; on another, all seven come from the bucket'

/** The default theme, with the terminal of the demo on the home page. */
export default {
  extends: DefaultTheme,
  Layout: () =>
    h(DefaultTheme.Layout, null, {
      'home-hero-after': () =>
        h('figure', { class: 'demo', tabindex: 0, 'aria-label': 'The demo in a terminal' }, [
          h('img', { src: demo, alt, width: 758, height: 580 }),
        ]),
    }),
}
