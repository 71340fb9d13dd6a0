using System.Diagnostics.CodeAnalysis;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>
/// One ONNX model ready to run: pinned input and output tensors of batch 1 that are reused for every frame. Serves one thread at a time.
/// </summary>
public sealed class ModelSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _runOptions = new();
    private readonly OrtValue _inputValue;
    private readonly List<OrtValue> _outputValues = [];
    private readonly List<BoundOutput> _outputs = [];
    private readonly float[] _input;
    private readonly PredictionDecoder _decoder;
    private bool _disposed;

    private ModelSession(InferenceSession session, string provider, ModelManifest manifest)
    {
        _session = session;
        Provider = provider;
        Manifest = manifest;
        InputShape = ModelGraph.CheckInput(session.InputMetadata, manifest);
        ModelGraph.CheckOutputNames(session.OutputMetadata, manifest);
        _input = Pinned(InputShape);
        _inputValue = OrtValue.CreateTensorValueFromMemory(_input, InputShape);
        _binding = session.CreateIoBinding();
        _binding.BindInput(manifest.Input.Name, _inputValue);
        try
        {
            BindOutputs();
            _decoder = PredictionDecoder.For(manifest, _outputs);
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>Loads the model, tries it once, and checks that the manifest tells the truth about it.</summary>
    /// <exception cref="ModelException">Not ONNX, or input, outputs or class count differ from the manifest.</exception>
    public static ModelSession Open(ReadOnlyMemory<byte> onnx, ModelManifest manifest, SessionSettings settings)
    {
        ModelGraph.CheckManifest(manifest);
        var (session, provider) = OrtSessions.Open(onnx.ToArray(), settings);
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

    /// <summary>The execution provider really in use: TensorRT, CUDA or CPU.</summary>
    public string Provider { get; }

    public ModelManifest Manifest { get; }

    /// <summary>Shape of <see cref="Input"/>, batch 1.</summary>
    public long[] InputShape { get; }

    /// <summary>The input tensor, to be filled before <see cref="Run"/>.</summary>
    public Span<float> Input => _input;

    /// <summary>Infers once on what <see cref="Input"/> holds.</summary>
    /// <exception cref="ModelException">ONNX Runtime failed on it.</exception>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        try
        {
            if (Provider != "CPU")
            {
                // A device provider copies the input over when it is bound, not when it runs.
                _binding.BindInput(Manifest.Input.Name, _inputValue);
                _binding.SynchronizeBoundInputs();
            }
            _session.RunWithBinding(_runOptions, _binding);
            if (Provider != "CPU") _binding.SynchronizeBoundOutputs();
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelException($"Inference failed: {e.Message}", e);
        }
    }

    /// <summary>Makes a prediction of the last run's outputs.</summary>
    /// <param name="error">A sentence when an output is NaN or infinite; the frame has no prediction then.</param>
    public bool TryDecode(PreprocessPlan plan, [NotNullWhen(true)] out Prediction? prediction, [NotNullWhen(false)] out string? error)
    {
        prediction = null;
        error = NotFinite();
        if (error is not null) return false;
        prediction = _decoder.Decode(plan);
        return true;
    }

    /// <inheritdoc cref="TryDecode"/>
    /// <exception cref="ModelException">An output is NaN or infinite.</exception>
    public Prediction Decode(PreprocessPlan plan) => TryDecode(plan, out var prediction, out var error) ? prediction : throw new ModelException(error);

    /// <summary>The last run's embedding; empty when the model has none.</summary>
    public ReadOnlySpan<float> Embedding => Manifest.Decoder.Embedding is { } name ? Output(name) : [];

    /// <summary>An output of the last run, overwritten by the next.</summary>
    /// <exception cref="ModelException">The manifest names no such output.</exception>
    public ReadOnlySpan<float> Output(string name) => Bound(name).Data;

    /// <summary>Shape of an output, batch 1.</summary>
    /// <exception cref="ModelException">The manifest names no such output.</exception>
    public IReadOnlyList<long> OutputShape(string name) => Bound(name).Shape;

    /// <summary>The outputs the manifest names, the embedding last.</summary>
    public IReadOnlyList<string> OutputNames => _outputs.ConvertAll(output => output.Name);

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        Release();
        _session.Dispose();
    }

    /// <summary>Runs once to learn the outputs' shapes, whatever the graph declares, then gives each a buffer of its own.</summary>
    private void BindOutputs()
    {
        var names = ModelGraph.OutputNames(Manifest);
        using var results = _session.Run(_runOptions, [Manifest.Input.Name], [_inputValue], names);
        for (var i = 0; i < names.Count; i++)
        {
            var info = results[i].GetTensorTypeAndShape();
            if (info.ElementDataType != TensorElementType.Float) throw new ModelException($"Output '{names[i]}' is {info.ElementDataType}; only float32 outputs are supported.");
            var data = Pinned(info.Shape);
            var value = OrtValue.CreateTensorValueFromMemory(data, info.Shape);
            _outputValues.Add(value);
            _outputs.Add(new BoundOutput(names[i], info.Shape, data));
            _binding.BindOutput(names[i], value);
        }
    }

    private string? NotFinite()
    {
        foreach (var output in _outputs)
        {
            var bad = Finite.FirstBad(output.Data);
            if (bad >= 0) return $"Output '{output.Name}' of {Manifest.Name} {Manifest.Version} is {output.Data[bad]} at index {bad}; the frame has no prediction.";
        }
        return null;
    }

    private BoundOutput Bound(string name) => _outputs.Find(output => output.Name == name)
        ?? throw new ModelException($"The manifest names no output '{name}'; it names {string.Join(", ", _outputs.Select(output => output.Name))}.");

    private static float[] Pinned(long[] shape) => GC.AllocateArray<float>(checked((int)shape.Aggregate(1L, (product, side) => product * side)), pinned: true);

    private void Release()
    {
        _binding.Dispose();
        _inputValue.Dispose();
        foreach (var value in _outputValues) value.Dispose();
        _runOptions.Dispose();
    }
}

/// <summary>An output's buffer, pinned and reused.</summary>
internal sealed record BoundOutput(string Name, long[] Shape, float[] Data);
