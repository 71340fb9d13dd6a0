namespace CvOps.Fleet.Storage;

/// <summary>Texts inside patterns of LIKE.</summary>
internal static class SqlText
{
    /// <summary>A text that stands for itself in a pattern with <c>ESCAPE '!'</c>.</summary>
    public static string? Literal(string? text) => text?.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
}
