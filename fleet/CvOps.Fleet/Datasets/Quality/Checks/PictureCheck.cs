using CvOps.Contracts.Api;

namespace CvOps.Fleet.Datasets.Quality.Checks;

/// <summary>Pictures that can't be shown, that show nothing, or that are not what their frame says. Pure.</summary>
internal static class PictureCheck
{
    public static void Find(IReadOnlyList<CheckedFrame> frames, FindingList findings)
    {
        foreach (var frame in frames)
        {
            if (frame.Trait is not { } trait) continue;
            if (trait.Fault is { } fault)
                findings.Add(QualityKind.Picture, FindingLevel.Error, $"fault {frame.Id}", $"The picture of frame {frame.Id} can't be shown. {fault}", "Bring the picture again, or drop the frame.", [frame.Id], 3);
            else if (frame is { Width: > 0, Height: > 0 } && (frame.Width != trait.Width || frame.Height != trait.Height))
                findings.Add(QualityKind.Picture, FindingLevel.Error, $"size {frame.Id}", $"Frame {frame.Id} is said to be {frame.Width}x{frame.Height} pixels and its picture has {trait.Width}x{trait.Height}: nothing drawn would fit.", "Bring the frame again with its picture, or drop it.", [frame.Id], 2);
            else if (trait.Hash is null)
                findings.Add(QualityKind.Picture, FindingLevel.Warning, $"constant {frame.Id}", $"The picture of frame {frame.Id} is of one grey: a covered lens, or a camera without light.", "Look at the camera; drop the frame from training.", [frame.Id], 1);
        }
    }
}
