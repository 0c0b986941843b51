import 'react'

declare module 'react' {
  interface CSSProperties {
    /** How far a picture is fixed, 0 to 1. */
    '--p'?: number
  }
  interface InputHTMLAttributes<T> {
    /** Choose a folder instead of files. */
    webkitdirectory?: ''
  }
}
