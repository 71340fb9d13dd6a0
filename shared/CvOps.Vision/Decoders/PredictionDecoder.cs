using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;

namespace CvOps.Vision.Decoders;

/// <summary>Turns one model's finite outputs into predictions, allocating nothing from the second frame on.</summary>
internal abstract class PredictionDecoder(ModelManifest manifest)
{
    protected ModelManifest Manifest { get; } = manifest;

    /// <exception cref="ModelException">An output's shape does not fit the decoder or the class count.</exception>
    public static PredictionDecoder For(ModelManifest manifest, IReadOnlyList<BoundOutput> outputs)
    {
        var wanted = manifest.Decoder.Outputs.Select(name => outputs.First(output => output.Name == name)).ToArray();
        return manifest.Decoder.Kind switch
        {
            DecoderKind.Probabilities => new ClassDecoder(manifest, wanted[0], softmax: false),
            DecoderKind.Logits => new ClassDecoder(manifest, wanted[0], softmax: true),
            DecoderKind.NanoDet => new NanoDetDecoder(manifest, wanted),
            DecoderKind.YoloV8 => new YoloV8Decoder(manifest, wanted[0]),
            DecoderKind.YoloObb => new YoloObbDecoder(manifest, wanted[0]),
            DecoderKind.YoloPose => new YoloPoseDecoder(manifest, wanted[0]),
            DecoderKind.YoloSegmentation => new YoloSegmentationDecoder(manifest, wanted[0], wanted[1]),
            DecoderKind.Segmentation => new SegmentationDecoder(manifest, ClassScores.Of(manifest, wanted[0])),
            DecoderKind.ClassMap => new SegmentationDecoder(manifest, new ClassNumbers(manifest, wanted[0])),
            DecoderKind.AnomalyMap => new AnomalyDecoder(manifest, wanted),
            DecoderKind.YoloV5 => new YoloV5Decoder(manifest, wanted[0], strides: []),
            DecoderKind.YoloX => new YoloV5Decoder(manifest, wanted[0], manifest.Decoder.Strides),
            DecoderKind.MultiLabelProbabilities => new MultiLabelDecoder(manifest, wanted[0], sigmoid: false),
            DecoderKind.MultiLabelLogits => new MultiLabelDecoder(manifest, wanted[0], sigmoid: true),
            DecoderKind.Ssd => new SsdDecoder(manifest, wanted[0], wanted[1]),
            DecoderKind.Detr => new DetrDecoder(manifest, wanted[0], wanted[1]),
            DecoderKind.CaffeDetection or DecoderKind.TensorFlowDetection or DecoderKind.Torchvision or DecoderKind.EfficientNms
                or DecoderKind.YoloV7EndToEnd or DecoderKind.YoloV10 or DecoderKind.RtDetr => new ListedBoxesDecoder(manifest, ListedBoxes.Of(manifest.Decoder.Kind, wanted)),
            var kind => throw new ModelException($"The decoder {kind} is not known to this version."),
        };
    }

    /// <summary>Why what was finished last makes no sense, in a sentence; null when it does.</summary>
    public string? Problem { get; protected set; }

    /// <summary>How far below the score cut boxes are looked at too, for <see cref="NearCut"/>; 0, the default, looks at none and costs nothing.</summary>
    public virtual double BandBelowCut { get; set; }

    /// <summary>Score of the surest box just below the cut that is not part of a box above it, in the picture finished last; 0 for none.</summary>
    public double NearCut { get; protected set; }

    /// <summary>Reads what the last run says of one row; a picture in tiles has several, one after the other from its first tile on.</summary>
    /// <param name="plan">Maps what was found to the picture.</param>
    public abstract void Collect(int row, PreprocessPlan plan, int tile);

    /// <summary>Makes the picture's prediction of what was collected, then forgets it. The outputs are still those of <see cref="Collect"/>.</summary>
    /// <param name="into">Refilled; its boxes and lists are the decoder's own from frame to frame.</param>
    public abstract void Finish(PreprocessPlan plan, Prediction into);
}
