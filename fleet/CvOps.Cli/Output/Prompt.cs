using System.Text;

namespace CvOps.Cli.Output;

/// <summary>Asks a person for a secret; programs write it to standard input, one a line.</summary>
internal static class Prompt
{
    /// <summary>Shows nothing of what is typed.</summary>
    /// <exception cref="CliException">Standard input is at its end.</exception>
    public static string Secret(string what)
    {
        if (Console.IsInputRedirected) return Console.In.ReadLine() ?? throw new CliException($"{what}: standard input has none. Write it there, a line each, or run the command in a terminal.", ExitCodes.Configuration);
        Console.Error.Write($"{what}: ");
        var text = new StringBuilder();
        while (Console.ReadKey(intercept: true) is { Key: not ConsoleKey.Enter } key)
        {
            if (key.Key == ConsoleKey.Backspace) text.Length = Math.Max(text.Length - 1, 0);
            else if (!char.IsControl(key.KeyChar)) text.Append(key.KeyChar);
        }
        Console.Error.WriteLine();
        return text.ToString();
    }

    /// <returns>Null when it is empty, or standard input at its end.</returns>
    public static string? Optional(string what) => (Console.IsInputRedirected ? Console.In.ReadLine() : Secret(what)) is { Length: > 0 } text ? text : null;
}
