using System.Text;
using CvOps.Cli;
using CvOps.Cli.Completion;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Cli;

public sealed class CliReferenceTests
{
    private static readonly string Stored = TestData.InRepository("fleet", "CLI.md");

    [Fact]
    public void The_first_help_has_every_command_once_and_fits_a_terminal()
    {
        var root = CliRoot.Create();
        Assert.Equal(root.Subcommands.Select(command => command.Name).Order(StringComparer.Ordinal), RootHelp.Groups.SelectMany(group => group.Commands).Order(StringComparer.Ordinal));
        var lines = RootHelp.Text(root).Split('\n');
        Assert.All(lines, line => Assert.InRange(line.Length, 0, 110));
        Assert.InRange(lines.Length, 20, 60);
    }

    [Fact]
    public void Every_command_argument_and_option_says_what_it_is()
    {
        foreach (var (path, command) in LiveNames.Commands("", CliRoot.Create()))
        {
            Assert.False(string.IsNullOrWhiteSpace(command.Description), path);
            Assert.All(command.Options.Where(option => !option.Hidden), option => Assert.False(string.IsNullOrWhiteSpace(option.Description), $"{path} {option.Name}"));
        }
    }

    [Fact]
    public async Task The_reference_is_what_the_program_has() =>
        Assert.True(await File.ReadAllTextAsync(Stored, TestContext.Current.CancellationToken) == Text(), "cvops has other commands than fleet/CLI.md says: 'make cli-reference' writes it anew.");

    /// <summary>What <c>make cli-reference</c> runs.</summary>
    [Fact(Explicit = true)]
    public Task Writes_what_the_code_says() => File.WriteAllTextAsync(Stored, Text(), TestContext.Current.CancellationToken);

    private static string Text()
    {
        var root = CliRoot.Create();
        var text = new StringBuilder($"""
            # cvops, command by command

            Written from the program by `make cli-reference`; a test holds it against what the program has. `cvops COMMAND --help` says the same.
            `run`, `replay` and `drift compare` are the agent's: their own `--help` has their options.

            {CliRoot.Codes}

            For every command:


            """.ReplaceLineEndings("\n"));
        foreach (var option in root.Options.Where(option => option.Recursive && option.Name is "--fleet" or "--token" or "--json")) text.Append(Line(option.Name, option.ValueType, option.Description));
        foreach (var (path, command) in LiveNames.Commands("", root).OrderBy(pair => pair.Path, StringComparer.Ordinal))
        {
            text.Append($"\n## {path}{string.Concat(command.Arguments.Select(argument => argument.Arity.MinimumNumberOfValues == 0 ? $" [{argument.Name.ToUpperInvariant()}]" : $" {argument.Name.ToUpperInvariant()}"))}\n\n{command.Description}\n");
            var lines = string.Concat(command.Arguments.Where(argument => argument.Description is not null).Select(argument => $"- `{argument.Name.ToUpperInvariant()}`: {argument.Description}\n"))
                + string.Concat(command.Options.Where(option => !option.Hidden).Select(option => Line(option.Name, option.ValueType, option.Description, option.Required)));
            if (lines.Length > 0) text.Append('\n').Append(lines);
        }
        return text.ToString();
    }

    private static string Line(string name, Type type, string? says, bool required = false) =>
        $"- `{name}{(type == typeof(bool) ? "" : " ...")}`{(required ? " (needed)" : "")}: {says}\n";
}
