import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{shared,functions,knative}/**/*.test.ts'],
    testTimeout: 20_000,
  },
})
