using CvOps.Contracts.Api;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets.Formats.Files;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;

namespace CvOps.Fleet.Datasets.Formats.Import;

/// <summary>
/// Looks at every picture of an import before anything is written: whether it is there and whole, whether its label is one, and which frame it is or becomes.
/// </summary>
internal sealed class ImportCheck(
    ImportRequest request, PictureIndex pictures, bool holdsObjects, FrameFinder frames, StagedRows rows, Findings findings, ImportLimits limits, double goldenShare, DateTimeOffset now)
{
    private const int LongestId = 128;

    private readonly Dictionary<string, string> _seen = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> _classes = new(StringComparer.Ordinal);
    private (string Name, FrameView? Frame) _last = ("", null);

    public int Pictures { get; private set; }

    public int Added { get; private set; }

    public int Relabelled { get; private set; }

    public int Unchanged { get; private set; }

    public IReadOnlyDictionary<string, int> Classes => _classes;

    /// <summary>Width and height of a picture that came, or of a frame that is here.</summary>
    public (int Width, int Height)? SizeOf(string name) => pictures.SizeOf(name) ?? (pictures.Find(name) is null && Known(null, name) is { } frame ? (frame.Width, frame.Height) : null);

    /// <returns>False when nothing more need be looked at.</returns>
    public bool Take(LabelledImage image)
    {
        if (++Pictures > limits.Pictures)
        {
            findings.Error(image.Where, $"There are more than {limits.Pictures} pictures.", "Bring the dataset in parts: they are written in one transaction.");
            return false;
        }
        foreach (var name in image.Classes) _classes[name] = _classes.GetValueOrDefault(name) + 1;
        var known = Known(image.Frame, image.Name);
        StagedPicture? picture = null;
        if (pictures.Find(image.Name) is { } entry)
        {
            if ((picture = pictures.Read(entry, findings)) is null) return true;
            if (known is not null && known.ImageDigest != picture.Digest)
            {
                if (image.Frame is not null) findings.Warn(image.Where, $"Its picture is another than that of frame {known.Id}, which it says to be.", "It comes in as a picture of its own.");
                known = null;
            }
            known ??= frames.OfImage(picture.Digest);
            if (known is null && frames.WasErased(image.Frame ?? "", picture.Digest))
            {
                findings.Error(image.Where, "Its picture was erased from this fleet, and does not come back.", "Take it out of what you bring; 'cvops frames erasures' says when and why it was erased.");
                return true;
            }
        }
        else if (known is null)
        {
            findings.Error(image.Where, $"The picture '{image.Name}' is missing: it is not among the files, and no frame here has this name.", "Add it to the archive, or take its label out.");
            return true;
        }
        if (IsSized(image, picture?.Width ?? known!.Width, picture?.Height ?? known!.Height)) Place(image, picture, known);
        return true;
    }

    private bool IsSized(LabelledImage image, int width, int height)
    {
        if (image.Width > 0 && image.Height > 0 && (image.Width != width || image.Height != height))
        {
            findings.Error(image.Where, $"It is said to be {image.Width}x{image.Height} pixels, and the picture has {width}x{height}: nothing drawn would fit.", "Bring the picture that was labelled, or correct the size.");
            return false;
        }
        if (image.Boxes.Any(box => Shapes.LeavesPicture(box.X, box.Y, box.Width, box.Height, width, height))
            || image.Polygons?.Any(polygon => Shapes.Bounds(polygon.Points) is var bounds && Shapes.LeavesPicture(bounds.X, bounds.Y, bounds.Width, bounds.Height, width, height)) == true)
            findings.WarnOnce(image.Where, "Objects reach beyond their picture.", "Look at this one and others like it.");
        return true;
    }

    private void Place(LabelledImage image, StagedPicture? picture, FrameView? known)
    {
        var id = known?.Id ?? (image.Frame is { } named && IsId(named) && frames.Find(named) is null ? named : $"import-{picture!.Digest[..24]}");
        if (!_seen.TryAdd(id, image.Where))
        {
            findings.Error(image.Where, $"The same picture is at {_seen[id]} already.", "Keep one: a picture has one label.");
            return;
        }
        var label = image.IsLabelled ? LabelMerge.Of(known?.Label, image, holdsObjects, request.By) : null;
        if (label is not null && LabelRule.Refuse(label) is { } refusal)
        {
            findings.Error(image.Where, refusal, "Correct the label.");
            return;
        }
        var use = request.Use ?? image.Use ?? FrameUse.Training;
        if (use == FrameUse.Golden && (image.Synthetic ?? known?.Synthetic) is not null)
        {
            findings.Error(image.Where, "It is synthetic: no camera took it, so no model is judged by it.", "Leave it out, or import it for training.");
            return;
        }
        if (AttributeRule.Refuse(image.Attributes) is { } attribute)
        {
            findings.Error(image.Where, attribute, "Correct it, or leave it out.");
            return;
        }
        if (known is null) Add(image, picture!, id, label, use);
        else Change(image, known, label, use);
    }

    private void Add(LabelledImage image, StagedPicture picture, string id, LabelRequest? label, FrameUse use)
    {
        if (use == FrameUse.Golden && label is null)
        {
            findings.Error(image.Where, "A golden frame needs its label.", "Label it, or import it for training.");
            return;
        }
        Added++;
        rows.Add(new StagedFrame(picture.Entry, new FrameView
        {
            Id = id, Part = image.Part, CapturedAt = image.CapturedAt ?? now, Model = image.Model, Prediction = image.Prediction, Reasons = [new SamplingReason("import", 1)],
            ImageDigest = picture.Digest, Width = picture.Width, Height = picture.Height, State = label is null ? LabelState.Unlabelled : LabelState.Labelled, Use = use,
            Label = label is null ? null : LabelRule.LabelOf(label, now), Synthetic = image.Synthetic, Attributes = image.Attributes is { Count: > 0 } ? image.Attributes : null,
        }));
    }

    /// <summary>A frame's use was decided with its first label and stays: a golden frame was never trained on, and one that was can't become golden.</summary>
    private void Change(LabelledImage image, FrameView known, LabelRequest? label, FrameUse use)
    {
        if (label is null || (known.State == LabelState.Labelled && LabelMatch.Same(known.Label, label)))
        {
            Unchanged++;
            if (request.Use is { } asked && asked != known.Use) findings.Error(image.Where, $"It is frame {known.Id}, which is used for {known.Use}; that stays.", $"Leave it out, or import without '--use {asked.ToString().ToLowerInvariant()}'.");
        }
        else if (known.State == LabelState.Labelled && !request.Relabel)
        {
            findings.Error(image.Where, $"It is frame {known.Id}, which has another label ({LabelMatch.Words(known.Label)}).", "Import with '--relabel' if the files are right, or leave it out.");
        }
        else
        {
            var decided = frames.EverLabelled(known);
            if (decided && (request.Use ?? image.Use) is not null && use != known.Use)
            {
                findings.Error(image.Where, $"It is frame {known.Id}, which is used for {known.Use}; that stays.", "Leave it out, or import it for that use.");
                return;
            }
            Relabelled++;
            var labelled = known with
            {
                State = LabelState.Labelled, Label = LabelRule.LabelOf(label, now),
                Use = decided ? known.Use : request.Use ?? image.Use ?? GoldenRule.Decide(known, goldenShare),
            };
            rows.Labels.Add(known, labelled);
        }
    }

    /// <summary>The frame that a label names, or whose id or picture's digest its file is named after. Remembers the last: size and label are asked one after the other.</summary>
    private FrameView? Known(string? frame, string name)
    {
        if (frame is null && _last.Name == name) return _last.Frame;
        var stem = ImageNames.Stem(ImageNames.Base(name));
        var found = (frame is null ? null : frames.Find(frame)) ?? frames.Find(stem) ?? (BlobStore.IsDigest(stem) ? frames.OfImage(stem) : null);
        if (frame is null) _last = (name, found);
        return found;
    }

    private static bool IsId(string text) => text.Length is > 0 and <= LongestId && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.');
}
