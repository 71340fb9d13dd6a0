namespace CvOps.Agent.Capture;

/// <summary>Makes one sentence of ffmpeg's last words.</summary>
internal static class FfmpegCause
{
    private static readonly (string Said, string Means)[] Known =
    [
        ("Connection refused", "refused the connection: is it switched on, and is the port right?"),
        ("401 Unauthorized", "wants a user name and password, or other ones (401 Unauthorized)."),
        ("403 Forbidden", "does not let this user see the stream (403 Forbidden)."),
        ("404 ", "has no such stream (404 Not Found): check the path of the address."),
        ("Failed to resolve hostname", "has a host name that is not known: check the address and the DNS server."),
        ("No route to host", "can't be reached (no route to host): check network and cable."),
        ("Network is unreachable", "can't be reached (network is unreachable): check network and cable."),
        ("timed out", "did not answer in time: check that it is switched on and reachable."),
        ("No such file or directory", "does not exist."),
        ("Is a directory", "is a folder, not a video."),
        ("Permission denied", "may not be read by this user."),
        ("Protocol not found", "has a scheme that ffmpeg does not know: use rtsp://, http://, https:// or a path."),
        ("matches no streams", "has no video in it."),
        ("moov atom not found", "is no video that ffmpeg can read, or was not written to its end."),
        ("Picture size ", "sends pictures without pixels, or larger than max-megapixels allows: choose another stream of the camera, or raise max-megapixels."),
        ("Invalid data found", "is no video that ffmpeg can read."),
        ("Decoder (codec", "uses a codec this ffmpeg can't decode."),
        ("Decoding requested, but no decoder found", "uses a codec this ffmpeg can't decode."),
        ("Unknown decoder", "is to be decoded by a decoder this ffmpeg does not have: look it up with ffmpeg -decoders."),
        ("Failed to set value", "is read with arguments that ffmpeg does not take: check hwaccel, decoder and input-arguments."),
        ("Device creation failed", "is to be decoded by hardware that can't be used here: check the driver, or remove hwaccel."),
        ("No device available for decoder", "is to be decoded by hardware that can't be used here: check the driver, or remove hwaccel."),
        ("Could not find codec parameters", "sends a stream that ffmpeg can't make out."),
    ];

    // Said while the stream goes on. What is said of the connection or by the muxer is no damage of pictures.
    private static readonly string[] Damage =
    [
        "missed", "error while decoding", "concealing", "corrupt", "Invalid data", "Invalid NAL", "Error splitting", "non-existing", "no frame!", "left block unavailable",
        "Packet corrupt", "Continuity check failed", "overread", "bad header", "Missing reference picture", "Frame num gap", "mb_type", "reference picture missing", "out of range", "jitter buffer full",
        "Picture size", "unsupported", "Truncat", "slice", "marker", "invalid",
    ];

    /// <summary>True for a line that tells of lost packets or a picture that could not be decoded as it was sent.</summary>
    public static bool IsDamage(string line) => Damage.Any(word => line.Contains(word, StringComparison.OrdinalIgnoreCase));

    /// <summary>What complaints mean, beginning with "it"; the latest of them when nobody knows.</summary>
    /// <param name="lines">ffmpeg's standard error, oldest first; at least one.</param>
    public static string Reason(IReadOnlyList<string> lines)
    {
        foreach (var (said, means) in Known)
        {
            if (lines.Any(line => line.Contains(said, StringComparison.Ordinal))) return $"it {means}";
        }
        return $"ffmpeg says \"{lines[^1]}\".";
    }

    /// <param name="lines">ffmpeg's standard error, oldest first.</param>
    /// <returns>A sentence that begins with the camera's address, without its secrets.</returns>
    public static string Explain(IReadOnlyList<string> lines, int? exitCode, string url)
    {
        var address = CameraAddress.Redact(url);
        foreach (var (said, means) in Known)
        {
            if (lines.Any(line => line.Contains(said, StringComparison.Ordinal))) return $"{address} {means}";
        }
        if (lines.LastOrDefault(line => line.Length > 0) is { } last) return $"{address}: ffmpeg says \"{CameraAddress.Scrub(last, url)}\".";
        return exitCode is null or 0 ? $"{address} ended the stream." : $"{address}: ffmpeg ended with code {exitCode} and said nothing.";
    }
}
