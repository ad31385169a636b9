// What build.mjs writes: the code of students of one file, as text.
declare module '#students/*' {
  export const code: string;
}
