using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Trainer.Heads;
using CvOps.Vision;

namespace CvOps.Trainer.Torch;

/// <summary>A dataset's pictures as the agent's preprocessing makes tensors of them, one after another in a file beside the dataset, which is whole or not there.</summary>
internal static class TensorFile
{
    private const int SayEvery = 1000;

    /// <returns>The file, its shape [pictures, channels, height, width], and each picture's way from tensor to picture.</returns>
    /// <exception cref="TrainerException">The manifest's input is not float32 NCHW without tiles, or a picture can't be read.</exception>
    public static (string Path, int[] Shape, PreprocessPlan[] Plans) Of(DatasetFolder dataset, string folder, IReadOnlyList<DatasetEntry> entries, InputSpec spec, int channels, TextWriter people, CancellationToken cancel)
    {
        if (spec.ElementType != ElementType.Float32 || spec.Layout != TensorLayout.Nchw || spec.Tiles is not null)
            throw new TrainerException("The torch trainer takes parents whose input is float32, NCHW and without tiles.");
        int[] shape = [entries.Count, channels, spec.Height, spec.Width];
        var path = Path.Combine(folder, ".cache", $"tensors-{KeyOf(entries, spec, channels)}.f32");
        var known = File.Exists(path);
        var plans = new PreprocessPlan[entries.Count];
        var partial = string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}");
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using (var file = known ? null : File.Create(partial))
            {
                var tensor = new float[channels * spec.Height * spec.Width];
                PreprocessPlan? plan = null;
                for (var i = 0; i < entries.Count; i++)
                {
                    cancel.ThrowIfCancellationRequested();
                    // Where the tensors are there already, only a detector's boxes need the size, which the entry has.
                    if (known && entries[i] is { Width: { } width, Height: { } height })
                    {
                        plans[i] = plan = plan is { } same && same.Width == width && same.Height == height ? same : PreprocessPlan.Create(spec, width, height, PixelFormat.Bgr24);
                        continue;
                    }
                    var picture = dataset.Picture(entries[i]).View;
                    plans[i] = plan = plan is { } fits && fits.Fits(picture) ? fits : PreprocessPlan.Create(spec, picture.Width, picture.Height, picture.Format, picture.Colour);
                    if (file is null) continue;
                    plan.Fill(picture, tensor);
                    file.Write(MemoryMarshal.AsBytes<float>(tensor));
                    if ((i + 1) % SayEvery == 0) people.WriteLine($"{i + 1} of {entries.Count} pictures are laid out.");
                }
            }
            if (!known) File.Move(partial, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TrainerException($"The tensors can't be written beside the dataset: {e.Message}", e);
        }
        catch (ModelException e)
        {
            throw new TrainerException(e.Message, e);
        }
        return (path, shape, plans);
    }

    private static string KeyOf(IReadOnlyList<DatasetEntry> entries, InputSpec spec, int channels)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(spec, ContractsJson.Default.InputSpec));
        hash.AppendData([(byte)channels]);
        foreach (var entry in entries) hash.AppendData(Encoding.ASCII.GetBytes(entry.ImageDigest));
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];
    }
}
