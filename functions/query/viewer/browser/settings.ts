import { one } from './dom.ts'
import { remember } from './page-view.ts'

const themes: readonly string[] = ['auto', 'light', 'dark']

/** Offers the themes light, dark and that of the system, and the reader's own time zone beside UTC. */
export function startSettings() {
  const root = document.documentElement
  const button = one<HTMLButtonElement>('#theme')
  if (button) {
    const show = () => {
      button.textContent = { auto: '◐', light: '☀', dark: '☾' }[root.dataset['theme'] ?? ''] ?? '◐'
      button.setAttribute('aria-label', `Theme: ${root.dataset['theme']}`)
      button.title = `Theme: ${root.dataset['theme']}`
    }
    show()
    button.hidden = false
    button.addEventListener('click', () => {
      const at = themes.indexOf(root.dataset['theme'] ?? '')
      const next = themes[(at + 1) % themes.length] ?? 'auto'
      root.dataset['theme'] = next
      remember('theme', next)
      show()
    })
  }
  const select = one<HTMLSelectElement>('#zone')
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone
  if (!select) return
  if (![...select.options].some(({ value }) => value === own)) select.add(new Option(own, own))
  for (const option of select.options) if (option.value === own && own !== 'UTC') option.text = `${own} (local)`
  select.addEventListener('change', () => {
    remember('zone', select.value)
    select.form?.requestSubmit()
  })
}
