namespace CvOps.Cli.Output;

/// <summary>A line on standard error that is written over again and again; nothing where that is no terminal.</summary>
internal static class Progress
{
    private const int Widest = 70;

    public static void Show(string text)
    {
        if (!Console.IsErrorRedirected) Console.Error.Write($"\r{(text.Length > Widest ? text[..Widest] : text).PadRight(Widest)}");
    }

    /// <summary>Takes the line away, so that what follows stands in its place.</summary>
    public static void End()
    {
        if (!Console.IsErrorRedirected) Console.Error.Write($"\r{new string(' ', Widest)}\r");
    }
}
