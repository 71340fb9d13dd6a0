namespace CvOps.Agent.Capture;

/// <summary>A camera's address, and what of it may be shown.</summary>
internal static class CameraAddress
{
    /// <summary>True for a path, false for anything with a scheme.</summary>
    public static bool IsFile(string url) => !url.Contains("://", StringComparison.Ordinal);

    /// <summary>The address without user, password and query, which may carry them too.</summary>
    public static string Redact(string url)
    {
        if (IsFile(url)) return url;
        var (userInfo, query) = Secrets(url);
        var shown = query.Length > 0 ? url[..^query.Length] : url;
        return userInfo.Length > 0 ? shown.Replace(userInfo, "", StringComparison.Ordinal) : shown;
    }

    /// <summary>A text that may quote the address, without its secrets.</summary>
    public static string Scrub(string text, string url)
    {
        if (IsFile(url)) return text;
        var (userInfo, query) = Secrets(url);
        if (userInfo.Length > 0) text = text.Replace(userInfo, "", StringComparison.Ordinal);
        return query.Length > 1 ? text.Replace(query, "", StringComparison.Ordinal) : text;
    }

    /// <summary>"user:password@" and "?query", each empty when there is none. By hand, since passwords make addresses that no parser takes.</summary>
    private static (string UserInfo, string Query) Secrets(string url)
    {
        var authority = url.IndexOf("://", StringComparison.Ordinal) + 3;
        var question = url.IndexOf('?', authority);
        // A password may hold '/' and '@': the last '@' before the query ends the user information.
        var at = url.LastIndexOf('@', (question < 0 ? url.Length : question) - 1);
        return (at > authority ? url[authority..(at + 1)] : "", question < 0 ? "" : url[question..]);
    }
}
