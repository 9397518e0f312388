/** The shells that can complete. */
export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

/** What each shell reads to complete `kheaders`. All of them ask `kheaders` itself, so they need not be made anew with it. */
export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# Completion of kheaders in bash 4.4 and later.
_kheaders() {
  local -a reply
  mapfile -t reply < <(kheaders __complete bash "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  COMPREPLY=("\${reply[@]:1}")
  case \${reply[0]-} in
    files) compopt -o default ;;
    folders) compopt -o filenames -o plusdirs ;;
    programs) mapfile -t COMPREPLY < <(compgen -c -- "$2") ;;
  esac
}
complete -F _kheaders kheaders`,
  zsh: `#compdef kheaders
# Completion of kheaders in zsh.
_kheaders() {
  local -a reply values shown
  local line value width=0 result=1
  reply=("\${(@f)$(kheaders __complete zsh "\${(@Q)words[1,CURRENT]}" 2>/dev/null)}")
  for line in "\${(@)reply[2,-1]}"; do
    value=\${line%%$'\\t'*}
    values+=("$value")
    (( $#value > width )) && width=$#value
  done
  for line in "\${(@)reply[2,-1]}"; do
    value=\${line%%$'\\t'*}
    shown+=("\${(r:width:)value}\${line#$value}")
  done
  shown=("\${(@)shown/$'\\t'/  -- }")
  [[ $words[CURRENT] == --*=* ]] && compset -P '*='
  (( $#values )) && compadd -l -d shown -a values && result=0
  case $reply[1] in
    files) _files && result=0 ;;
    folders) _files -/ && result=0 ;;
    programs) _command_names -e && result=0 ;;
  esac
  return result
}
if [[ $funcstack[1] == _kheaders ]]; then _kheaders "$@"; else compdef _kheaders kheaders; fi`,
  fish: `# Completion of kheaders in fish.
function __kheaders_complete
    set -l current (commandline -ct)
    set -l reply (kheaders __complete fish (commandline -opc) "$current" 2>/dev/null)
    set -l value (string replace -r -- '^--[^=]*=' '' "$current")
    set -l option (string match -r -- '^--[^=]*=' "$current")
    switch "$reply[1]"
        case files
            string replace -r -- '^' "$option" (__fish_complete_path "$value")
        case folders
            string replace -r -- '^' "$option" (__fish_complete_directories "$value" "")
        case programs
            __fish_complete_command
    end
    printf '%s\\n' $reply[2..]
end
complete -c kheaders -f -a '(__kheaders_complete)'`,
};
