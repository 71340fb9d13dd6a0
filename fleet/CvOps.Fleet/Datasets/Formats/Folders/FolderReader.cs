using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Folders;

/// <summary>A folder a class; the name of the folder above it may be a split.</summary>
internal sealed class FolderReader : IDatasetReader
{
    public IEnumerable<LabelledImage> Read(ReadContext context)
    {
        foreach (var name in context.Files.Names.Where(ImageNames.IsImage))
        {
            var parts = name.Split('/');
            if (parts.Length < 2)
            {
                context.Findings.Error(name, "The picture is in no folder, so it has no class.", "Put it into a folder that is named as its class.");
                continue;
            }
            yield return new LabelledImage { Name = name, Where = name, Class = Uri.UnescapeDataString(parts[^2]), Use = parts.Length > 2 ? Splits.UseOf(parts[^3]) : null };
        }
    }
}
