using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>
/// One ONNX model ready to run, held against its manifest. Frames go through slots of <see cref="CreateSlot"/>; for whoever has one picture at
/// a time (gates, golden vectors, training) the session has a slot of its own, which serves one thread.
/// </summary>
public sealed class ModelSession : IDisposable
{
    private readonly List<(string Name, long[] Shape, TensorElementType Type, bool Free)> _outputs;
    private readonly TensorElementType _inputType;
    private readonly InferenceSlot _own;
    private bool _disposed;

    private ModelSession(InferenceSession graph, string provider, ModelManifest manifest)
    {
        (Graph, Provider, Manifest) = (graph, provider, manifest);
        InputShape = ModelGraph.CheckInput(graph.InputMetadata, manifest);
        ModelGraph.CheckOutputNames(graph.OutputMetadata, manifest);
        _inputType = graph.InputMetadata[manifest.Input.Name].ElementDataType;
        _outputs = ModelTrial.Outputs(graph, manifest, InputShape, _inputType);
        Batches = ModelTrial.Batches(graph, manifest, InputShape, _inputType, _outputs);
        Tiles = manifest.Input.Tiles is { } grid ? grid.Columns * grid.Rows : 1;
        _own = CreateSlot();
    }

    /// <summary>Loads the model, tries it, and checks that the manifest tells the truth about it.</summary>
    /// <exception cref="ModelException">Not ONNX, or input, outputs or class count differ from the manifest.</exception>
    public static ModelSession Open(ReadOnlyMemory<byte> onnx, ModelManifest manifest, SessionSettings settings)
    {
        ModelGraph.CheckManifest(manifest);
        var (session, provider) = OrtSessions.Open(AsArray(onnx), settings);
        try
        {
            return new ModelSession(session, provider, manifest);
        }
        catch (OnnxRuntimeException e)
        {
            session.Dispose();
            throw new ModelException($"The model loads but does not run: {e.Message}", e);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    // Another copy of a large model beside a running line is a collection that stops it.
    private static byte[] AsArray(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out var segment) && segment.Array is { } array && array.Length == bytes.Length ? array : bytes.ToArray();

    /// <summary>The execution provider really in use: TensorRT, CUDA or CPU.</summary>
    public string Provider { get; }

    public ModelManifest Manifest { get; }

    /// <summary>Shape of one picture's input, batch 1.</summary>
    public long[] InputShape { get; }

    /// <summary>True when the graph takes any number of pictures in one run.</summary>
    public bool Batches { get; }

    /// <summary>Rows of a picture: the manifest's tiles, 1 without.</summary>
    public int Tiles { get; }

    /// <summary>The outputs the manifest names, the embedding last.</summary>
    public IReadOnlyList<string> OutputNames => _outputs.ConvertAll(output => output.Name);

    internal InferenceSession Graph { get; }

    /// <summary>Place for some pictures; the caller owns it and disposes it before the session.</summary>
    /// <param name="pictures">At least 1.</param>
    /// <exception cref="ModelException">The outputs don't fit the manifest's decoder.</exception>
    public InferenceSlot CreateSlot(int pictures = 1) => new(this, _inputType, _outputs, pictures);

    /// <summary>Numbers of the input, one row.</summary>
    public int InputLength => checked((int)InputShape.Aggregate(1L, (product, side) => product * side));

    /// <summary>The session's own slot: one picture, one thread.</summary>
    public InferenceSlot Own => _own;

    /// <summary>Infers once on the first row of <see cref="Own"/>.</summary>
    /// <exception cref="ModelException">ONNX Runtime failed on it.</exception>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _own.RunFirst(1);
    }

    /// <summary>Makes a prediction, the caller's own, of the last run's outputs.</summary>
    /// <param name="error">A sentence when an output is NaN or infinite; the frame has no prediction then.</param>
    public bool TryDecode(PreprocessPlan plan, [NotNullWhen(true)] out Prediction? prediction, [NotNullWhen(false)] out string? error)
    {
        var decoded = _own.TryDecode(plan, 0, out var reused, out error);
        prediction = reused?.Copy();
        return decoded;
    }

    /// <inheritdoc cref="TryDecode"/>
    /// <exception cref="ModelException">An output is NaN or infinite.</exception>
    public Prediction Decode(PreprocessPlan plan) => TryDecode(plan, out var prediction, out var error) ? prediction : throw new ModelException(error);

    /// <summary>The last run's embedding; empty when the model has none.</summary>
    public ReadOnlySpan<float> Embedding => _own.Embedding();

    /// <summary>An output of the last run, overwritten by the next.</summary>
    /// <exception cref="ModelException">The manifest names no such output.</exception>
    public ReadOnlySpan<float> Output(string name) => _own.Output(name);

    /// <summary>Shape of an output, batch 1.</summary>
    /// <exception cref="ModelException">The manifest names no such output.</exception>
    public IReadOnlyList<long> OutputShape(string name) => _own.OutputShape(name);

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _own.Dispose();
        Graph.Dispose();
    }
}
