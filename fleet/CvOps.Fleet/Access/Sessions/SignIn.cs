namespace CvOps.Fleet.Access.Sessions;

/// <summary>The page that people come in by, and where they go afterwards.</summary>
internal static class SignIn
{
    public const string Path = "/sign-in";

    public static string Page(string back) => back is "/" ? Path : $"{Path}?return={Uri.EscapeDataString(back)}";

    /// <summary>A path of this fleet's own, whatever was asked for: nobody is sent elsewhere by a link.</summary>
    public static string Safe(string? asked) =>
        asked is { Length: > 0 and <= 2000 } && asked[0] == '/' && (asked.Length == 1 || asked[1] is not ('/' or '\\')) && !asked.Any(letter => char.IsControl(letter) || letter == '\\') ? asked : "/";
}
