using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>A picture about to be read.</summary>
/// <param name="Time">Since the stream's start, by the stream's own clock; null when it has none.</param>
/// <param name="Colour">As the stream says; BT.601 when it says nothing.</param>
internal readonly record struct PictureHeader(int Width, int Height, PixelFormat Format, TimeSpan? Time, YuvColour Colour = default);

/// <summary>What a stream says of itself at its start.</summary>
/// <param name="Recorded">When the recording began, as its container says; null when it does not, and for live streams.</param>
internal readonly record struct StreamStart(int Width, int Height, DateTimeOffset? Recorded);

/// <summary>A camera can't be started or its output can't be understood; the message is fit for an operator.</summary>
internal sealed class CameraException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>
/// One connection to a camera. All but <see cref="Kill"/> belongs to one thread, and reading blocks it; <see cref="Kill"/> may come from any
/// thread and ends a blocked read.
/// </summary>
internal interface ICameraSource : IDisposable
{
    /// <summary>The child that decodes; null when there is none.</summary>
    int? ProcessId { get; }

    /// <summary>Damage in the stream that was noticed and lived with: lost packets, broken pictures. Any thread.</summary>
    StreamDamage Damage { get; }

    /// <summary>The camera's own clock at the stream's start, by its latest RTCP sender report; null without any.</summary>
    DateTimeOffset? SenderStart => null;

    /// <summary>Waits for the stream to begin.</summary>
    /// <returns>Null when it ended first.</returns>
    /// <exception cref="CameraException">What came is no video.</exception>
    StreamStart? Open();

    /// <summary>Waits for the next picture.</summary>
    /// <returns>False at the end of the stream.</returns>
    /// <exception cref="CameraException">The stream can't be followed further.</exception>
    bool TryNext(out PictureHeader picture);

    /// <summary>Fills in the picture that <see cref="TryNext"/> announced.</summary>
    /// <param name="pixels">Exactly its size.</param>
    /// <returns>False when the stream ended within it.</returns>
    bool Fill(Span<byte> pixels);

    /// <summary>Why the stream ended, in a sentence.</summary>
    /// <param name="completed">True for a regular end.</param>
    string Ended(out bool completed);

    void Kill();
}

/// <summary>Damage of a stream so far.</summary>
/// <param name="Latest">What was said of the latest, without secrets; null while there was none.</param>
internal readonly record struct StreamDamage(long Count, string? Latest);
