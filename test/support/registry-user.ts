/** A user of a registry in tests, and the line of its password file, as `htpasswd -nbB ci secret` makes it. */
export const labPassword = {
  username: "ci",
  password: "secret",
  htpasswd: "ci:$2y$05$026WfJrNUt0bweWy7GCJL.LdfkcFXJTruPdm4Ny4squSp7rPpyvZm",
} as const;
