using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CvOps.Contracts.Packages;

namespace CvOps.Vision.Packaging;

/// <summary>
/// Makes a signed package from an ONNX model: opens and tries it as an agent would, measures its world, records golden vectors. The same model,
/// manifest and pictures give the same bytes on one machine, but for the signature, in which ECDSA draws a random number.
/// </summary>
public static class PackageBuilder
{
    private const int GoldenPictures = 4;
    private const int SyntheticSide = 256;

    /// <param name="path">The <c>.cvmodel</c> to write; it appears whole or not at all.</param>
    /// <param name="onnx">The model's file.</param>
    /// <param name="pictures">JPEG files of what the model was made for. They make the reference profile and the golden vectors; with
    /// none, the profile is empty, nothing can drift, and the golden vectors are of drawn patterns. Best is a camera's own frames: pictures
    /// that never went through its compression are sharper than what it sends, and that difference counts towards drift.</param>
    /// <param name="key">The signer's.</param>
    /// <param name="parent">Its golden inputs are kept where the model takes the same input: the devices that have the parent have them already, and they
    /// are most of what a new head would change in the package. What the model says to them is recorded anew.</param>
    /// <returns>SHA-256 of the package, lower-case hex.</returns>
    /// <exception cref="ModelException">The model is of an opset the runtime lacks, does not fit its manifest, gives no numbers on a picture, or is fed by a defective path.</exception>
    /// <exception cref="PictureException">A picture can't be read.</exception>
    /// <exception cref="PackageException">The parts do not make a sound package.</exception>
    public static string Build(string path, ModelManifest manifest, byte[] onnx, IReadOnlyList<string> pictures, ECDsa key, Lineage? lineage = null, ModelPackage? parent = null)
    {
        using var runner = ModelRunner.Open(onnx, manifest, new SessionSettings(AllowGpu: false));
        var profile = new ReferenceProfileBuilder();
        var inputs = GoldenInputsOf(parent, runner.Session.InputLength);
        var kept = inputs.Count > 0;
        var tried = 0;
        var every = Math.Max(1, pictures.Count / GoldenPictures);
        for (var index = 0; index < pictures.Count; index++)
        {
            var picture = JpegCodec.Decode(File.ReadAllBytes(pictures[index]));
            var result = runner.Infer(picture.View);
            profile.Add(result.Statistics, result.Prediction, picture.Width, picture.Height, result.Embedding);
            if (index % every != 0 || ++tried > GoldenPictures) continue;
            // Also where the parent's inputs are kept: it holds this model's preprocessing against the reference.
            var input = GoldenInputs.Of(runner.Session, picture);
            if (!kept) inputs.Add(input);
        }

        if (inputs.Count == 0)
        {
            foreach (var period in (ReadOnlySpan<int>)[32, 128]) inputs.Add(GoldenInputs.Of(runner.Session, Pattern(period)));
        }

        var golden = GoldenCheck.Make(runner.Session, inputs);
        return PackageWriter.Write(path, new ModelPackageParts
        {
            Manifest = manifest,
            Onnx = onnx,
            Profile = profile.Build(),
            Golden = golden.Golden,
            Tensors = golden.Entries.ToDictionary(entry => entry.Key, entry => (ReadOnlyMemory<byte>)entry.Value),
            Lineage = lineage ?? new Lineage(),
        }, key);
    }

    private static List<float[]> GoldenInputsOf(ModelPackage? parent, int length)
    {
        List<float[]> inputs = [.. parent?.Golden.Vectors.Select(vector => MemoryMarshal.Cast<byte, float>(parent.Entry(vector.Input).Span).ToArray()) ?? []];
        return inputs.All(input => input.Length == length) ? inputs : [];
    }

    /// <summary>Coloured ramps that touch every value and every edge a decoder may stumble on.</summary>
    private static DecodedPicture Pattern(int period)
    {
        var bgr = new byte[SyntheticSide * SyntheticSide * 3];
        for (var y = 0; y < SyntheticSide; y++)
            for (var x = 0; x < SyntheticSide; x++)
            {
                var at = ((y * SyntheticSide) + x) * 3;
                bgr[at] = (byte)x;
                bgr[at + 1] = (byte)y;
                bgr[at + 2] = (byte)((x / period + y / period) % 2 * 255);
            }
        return new DecodedPicture(bgr, SyntheticSide, SyntheticSide);
    }
}
