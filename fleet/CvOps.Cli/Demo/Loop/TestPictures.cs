using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Cli.Demo.Loop;

/// <summary>Pictures that nothing is trained, chosen or judged on: a model's accuracy is what it says of these.</summary>
/// <param name="pictures">File and class of each.</param>
internal sealed class TestPictures(IReadOnlyList<(string File, string Class)> pictures)
{
    public int Count => pictures.Count;

    /// <returns>Share that the model names right, 0 to 1.</returns>
    /// <exception cref="ModelException">The model does not open.</exception>
    public double Accuracy(ReadOnlyMemory<byte> onnx, ModelManifest manifest)
    {
        using var runner = ModelRunner.Open(onnx, manifest, new SessionSettings());
        return pictures.Count(picture => runner.Infer(JpegCodec.Decode(File.ReadAllBytes(picture.File)).View).Prediction.Class == picture.Class) / (double)pictures.Count;
    }
}
