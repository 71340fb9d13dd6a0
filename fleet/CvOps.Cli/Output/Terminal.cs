using Spectre.Console;

namespace CvOps.Cli.Output;

/// <summary>Standard output as it is: a person's terminal, or a file or pipe that has neither width nor colour.</summary>
internal static class Terminal
{
    /// <summary>Wide enough that no row of a table breaks in a file: a row is a line for whatever reads it.</summary>
    public const int Unbroken = 10_000;

    public static IAnsiConsole Open()
    {
        if (!Console.IsOutputRedirected) return AnsiConsole.Console;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(Console.Out) });
        console.Profile.Width = Unbroken;
        return console;
    }
}
