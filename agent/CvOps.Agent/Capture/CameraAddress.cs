namespace CvOps.Agent.Capture;

/// <summary>What an address names, which decides how it is read.</summary>
internal enum CameraKind
{
    /// <summary>rtsp:// and rtsps://.</summary>
    Rtsp,

    /// <summary>http:// and https://: MJPEG, MPEG-TS, whatever ffmpeg finds there.</summary>
    Http,

    /// <summary>Any other scheme; ffmpeg knows it or says that it does not.</summary>
    Stream,

    /// <summary>A camera of this machine: v4l2:///dev/video0 or /dev/video0.</summary>
    V4l2,

    /// <summary>A video file.</summary>
    File,

    /// <summary>A folder of pictures, each a frame, in order of their names.</summary>
    Folder,
}

/// <summary>A camera's address, and what of it may be shown.</summary>
internal static class CameraAddress
{
    private const string V4l2Scheme = "v4l2://";

    public static CameraKind KindOf(string url)
    {
        if (url.StartsWith(V4l2Scheme, StringComparison.OrdinalIgnoreCase) || url.StartsWith("/dev/video", StringComparison.Ordinal)) return CameraKind.V4l2;
        if (IsPath(url)) return url.EndsWith('/') || Directory.Exists(url) ? CameraKind.Folder : CameraKind.File;
        if (url.StartsWith("rtsp", StringComparison.OrdinalIgnoreCase)) return CameraKind.Rtsp;
        return url.StartsWith("http", StringComparison.OrdinalIgnoreCase) ? CameraKind.Http : CameraKind.Stream;
    }

    /// <summary>True for what was recorded and has an end; false for a world that goes on meanwhile.</summary>
    public static bool IsRecording(string url) => KindOf(url) is CameraKind.File or CameraKind.Folder;

    /// <summary>The path of the device file.</summary>
    public static string DeviceOf(string url) => url.StartsWith(V4l2Scheme, StringComparison.OrdinalIgnoreCase) ? url[V4l2Scheme.Length..] : url;

    /// <summary>Where the camera takes TCP connections; null when the address does not say.</summary>
    public static (string Host, int Port)? EndpointOf(string url)
    {
        int? usual = KindOf(url) switch
        {
            CameraKind.Rtsp => url.StartsWith("rtsps", StringComparison.OrdinalIgnoreCase) ? 322 : 554,
            CameraKind.Http => url.StartsWith("https", StringComparison.OrdinalIgnoreCase) ? 443 : 80,
            _ => null,
        };
        if (usual is not { } port) return null;
        var bare = Redact(url);
        var authority = bare[(bare.IndexOf("://", StringComparison.Ordinal) + 3)..];
        if (authority.IndexOf('/') is >= 0 and var path) authority = authority[..path];
        var colon = authority.LastIndexOf(':');
        if (colon > authority.LastIndexOf(']'))
        {
            if (!int.TryParse(authority[(colon + 1)..], out port) || port is < 1 or > 65_535) return null;
            authority = authority[..colon];
        }
        var host = authority.Trim('[', ']');
        return host.Length == 0 ? null : (host, port);
    }

    /// <summary>The address without user, password and query, which may carry them too.</summary>
    public static string Redact(string url)
    {
        if (IsPath(url)) return url;
        var (userInfo, query) = Secrets(url);
        var shown = query.Length > 0 ? url[..^query.Length] : url;
        return userInfo.Length > 0 ? shown.Replace(userInfo, "", StringComparison.Ordinal) : shown;
    }

    /// <summary>A text that may quote the address, without its secrets.</summary>
    public static string Scrub(string text, string url)
    {
        if (IsPath(url)) return text;
        var (userInfo, query) = Secrets(url);
        if (userInfo.Length > 0) text = text.Replace(userInfo, "", StringComparison.Ordinal);
        return query.Length > 1 ? text.Replace(query, "", StringComparison.Ordinal) : text;
    }

    private static bool IsPath(string url) => !url.Contains("://", StringComparison.Ordinal);

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
