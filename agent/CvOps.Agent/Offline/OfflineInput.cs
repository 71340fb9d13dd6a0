using System.Text;
using CvOps.Agent.Capture;
using CvOps.Contracts;

namespace CvOps.Agent.Offline;

/// <summary>What an offline run reads.</summary>
internal static class OfflineInput
{
    // Of half the processors; more would take them from the model.
    private const int MostDecoderThreads = 4;

    /// <summary>True for what has no end of its own.</summary>
    public static bool IsStream(string input) => !CameraAddress.IsRecording(input);

    /// <summary>A folder, or a single file named as a picture.</summary>
    public static bool IsPictures(string input) => CameraAddress.KindOf(input) == CameraKind.Folder || (CameraAddress.KindOf(input) == CameraKind.File && PictureFile.IsOne(input));

    /// <summary>The input as a camera none of whose frames is dropped.</summary>
    public static CameraOptions Camera(string input) => new()
    {
        Id = new CameraId(NameOf(input)),
        Url = input,
        Pace = Pace.Fast,
        Policy = FramePolicy.EveryFrame,
        FrozenAfter = TimeSpan.Zero,
        DecoderThreads = Math.Clamp(Environment.ProcessorCount / 2, 1, MostDecoderThreads),
    };

    /// <summary>The last part of the address, with '_' for what an identifier may not hold.</summary>
    private static string NameOf(string input)
    {
        var bare = CameraAddress.Redact(input).TrimEnd('/');
        var last = bare[(bare.LastIndexOf('/') + 1)..];
        var name = new StringBuilder(Identifier.MaxLength);
        foreach (var c in last.AsSpan(0, Math.Min(last.Length, Identifier.MaxLength))) name.Append(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '_');
        if (name.Length > 0 && name[0] == '.') name[0] = '_';
        return name.Length > 0 ? name.ToString() : "input";
    }
}
