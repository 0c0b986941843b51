import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'
import { head } from './build/head.ts'

export default defineConfig({
  plugins: [react(), head()],
  // Relative, so that one build works under any path that a proxy puts before it (src/lib/paths.ts).
  base: './',
  css: { transformer: 'lightningcss' },
  build: {
    target: 'baseline-widely-available',
    cssMinify: 'lightningcss',
    // The content security policy allows no data: fonts and no inline styles, so nothing is inlined.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: { index: 'index.html', page: 'src/styles/page.css' },
      output: {
        // page.css keeps its name: pages that the server renders link to it without knowing this build.
        assetFileNames: asset =>
          asset.names.includes('page.css') ? 'assets/page.css' : 'assets/[name]-[hash][extname]',
      },
    },
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8080', '/i': 'http://127.0.0.1:8080', '/p': 'http://127.0.0.1:8080' } },
  test: { environment: 'node', include: ['src/**/*.test.ts', 'test/**/*.test.ts'] },
})
