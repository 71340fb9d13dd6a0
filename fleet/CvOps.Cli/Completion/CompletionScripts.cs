namespace CvOps.Cli.Completion;

/// <summary>What each shell runs at a Tab: it asks the program itself, by the directive <c>[suggest:POSITION]</c> that System.CommandLine answers.</summary>
internal static class CompletionScripts
{
    /// <param name="shell">bash, zsh or fish.</param>
    public static string Of(string shell) => (shell switch { "bash" => Bash, "zsh" => Zsh, _ => Fish }).ReplaceLineEndings("\n");

    // bash breaks words at : = and @ too, and replaces only what stands behind the break: steel@champion, site=ulm.
    private const string Bash = """
        # For ~/.bashrc:  source <(cvops completion bash)
        _cvops() {
            local line="${COMP_LINE:0:COMP_POINT}" IFS=$'\n' word shown cut one
            word="${line##* }"
            shown="${COMP_WORDS[COMP_CWORD]}"
            case "$shown" in "" | [:=@]*) shown="${word##*[:=@]}" ;; esac
            cut="${word%"$shown"}"
            COMPREPLY=()
            for one in $("$1" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null); do
                [[ $one == "$word"* ]] && COMPREPLY+=("${one#"$cut"}")
            done
        }
        complete -o default -F _cvops cvops

        """;

    private const string Zsh = """
        #compdef cvops
        # For ~/.zshrc, behind compinit:  source <(cvops completion zsh)
        _cvops() {
            local -a all
            all=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            if [[ -n "${all[1]}" ]]; then compadd -- "${all[@]}"; else _files; fi
        }
        compdef _cvops cvops

        """;

    private const string Fish = """
        # For ~/.config/fish/config.fish:  cvops completion fish | source
        function __cvops_complete
            set -l line (commandline -cp)
            set -l words (commandline -cpo)
            $words[1] "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c cvops -a '(__cvops_complete)'

        """;
}
