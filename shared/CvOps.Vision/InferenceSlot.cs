using System.Diagnostics.CodeAnalysis;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Vision.Decoders;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CvOps.Vision;

/// <summary>
/// Place for a few pictures on their way through one model: input rows, output rows and a decoder, bound to the runtime once and reused for
/// every frame. Whoever rents it has it alone; several slots of a session may run at the same time. Runs and decodes allocate nothing.
/// </summary>
public sealed class InferenceSlot : IDisposable
{
    private readonly ModelSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly NativeBuffer _input;
    private readonly TensorElementType _inputType;
    private readonly int _rowBytes;
    private readonly List<BoundOutput> _outputs = [];
    private readonly Dictionary<(int Row, int Rows), SlotBinding> _bindings = [];
    private readonly PredictionDecoder _decoder;
    private readonly Prediction _prediction = new();

    internal InferenceSlot(ModelSession session, TensorElementType inputType, IReadOnlyList<(string Name, long[] Shape, TensorElementType Type, bool Free)> outputs, int pictures)
    {
        var rows = checked(pictures * session.Tiles);
        (_session, _inputType, Pictures) = (session, inputType, pictures);
        _rowBytes = checked((int)session.InputShape.Aggregate(1L, (product, side) => product * side) * TensorTypes.BytesOf(inputType));
        _input = new NativeBuffer(checked(rows * _rowBytes));
        try
        {
            foreach (var (name, shape, type, free) in outputs) _outputs.Add(new BoundOutput(name, shape, type, rows, free));
            _decoder = PredictionDecoder.For(session.Manifest, _outputs);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Pictures it has place for; a picture takes as many rows as the manifest has tiles.</summary>
    public int Pictures { get; }

    /// <summary>A picture's part of the input tensor, all its tiles, in the manifest's element type and layout: what a plan fills.</summary>
    public Span<byte> Input(int picture) => _input.Bytes.Slice(picture * _session.Tiles * _rowBytes, _session.Tiles * _rowBytes);

    /// <summary>A row of the input tensor as numbers, converted where the model takes others.</summary>
    public float[] ReadInput(int row)
    {
        var numbers = new float[_rowBytes / TensorTypes.BytesOf(_inputType)];
        TensorTypes.ToFloat(_input.Bytes.Slice(row * _rowBytes, _rowBytes), _inputType, numbers);
        return numbers;
    }

    /// <summary>Fills a row of the input tensor; numbers are rounded to what the model takes.</summary>
    public void WriteInput(int row, ReadOnlySpan<float> numbers) => TensorTypes.FromFloat(numbers, _inputType, _input.Bytes.Slice(row * _rowBytes, _rowBytes));

    /// <summary>Infers on the first pictures: in one run where the graph takes batches, one after the other where it does not.</summary>
    /// <exception cref="ModelException">ONNX Runtime failed on them.</exception>
    public void Run(int pictures = 1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pictures, Pictures);
        RunFirst(pictures * _session.Tiles);
    }

    internal void RunFirst(int rows)
    {
        try
        {
            if (_session.Batches)
            {
                RunRows(0, rows);
            }
            else
            {
                for (var row = 0; row < rows; row++) RunRows(row, 1);
            }
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelException($"Inference failed: {e.Message}", e);
        }
        foreach (var output in _outputs) output.Ran(rows);
    }

    /// <summary>Whether the last picture decoded, or refused, had finite outputs.</summary>
    public bool WasFinite { get; private set; } = true;

    /// <summary>Detectors: how far below the score cut boxes are looked at for <see cref="NearCut"/>; 0 for not at all. Predictions are the same.</summary>
    public double BandBelowCut
    {
        get => _decoder.BandBelowCut;
        set => _decoder.BandBelowCut = value;
    }

    /// <summary>Score of the surest box that the last picture lacks for its score alone; 0 for none within <see cref="BandBelowCut"/>.</summary>
    public double NearCut => _decoder.NearCut;

    /// <summary>Makes a prediction of what the last run said of a picture, of all its tiles.</summary>
    /// <param name="prediction">The slot's own, refilled by its next call; keep a copy of what you keep.</param>
    /// <param name="error">A sentence when an output is NaN or infinite, or names a class that the manifest lacks; the picture has no prediction then.</param>
    public bool TryDecode(PreprocessPlan plan, int picture, [NotNullWhen(true)] out Prediction? prediction, [NotNullWhen(false)] out string? error)
    {
        prediction = null;
        var first = picture * _session.Tiles;
        error = NotFinite(first, plan.Tiles);
        WasFinite = error is null;
        if (error is not null) return false;
        for (var tile = 0; tile < plan.Tiles; tile++) _decoder.Collect(first + tile, plan, tile);
        _decoder.Finish(plan, _prediction);
        error = _decoder.Problem;
        if (error is not null) return false;
        prediction = _prediction;
        return true;
    }

    /// <summary>An output's numbers for one row, overwritten by the next run.</summary>
    /// <exception cref="ModelException">The manifest names no such output.</exception>
    public ReadOnlySpan<float> Output(string name, int row = 0) => Bound(name).Row(row);

    /// <summary>Shape of an output for one row, batch 1.</summary>
    /// <exception cref="ModelException">The manifest names no such output.</exception>
    public IReadOnlyList<long> OutputShape(string name, int row = 0) => Bound(name).ShapeOf(row);

    /// <summary>The last run's embedding of a row; empty when the model has none.</summary>
    public ReadOnlySpan<float> Embedding(int row = 0) => _session.Manifest.Decoder.Embedding is { } name ? Output(name, row) : [];

    public void Dispose()
    {
        foreach (var binding in _bindings.Values) binding.Dispose();
        foreach (var output in _outputs) output.Dispose();
        _input.Dispose();
        _runOptions.Dispose();
    }

    private void RunRows(int row, int rows)
    {
        if (!_bindings.TryGetValue((row, rows), out var binding)) _bindings[(row, rows)] = binding = new SlotBinding(_session.Graph, InputValue(row, rows), _session.Manifest, _outputs, row, rows);
        binding.Run(_session.Graph, _runOptions, _outputs, onDevice: _session.Provider != "CPU");
    }

    private OrtValue InputValue(int row, int rows)
    {
        var count = _rowBytes / TensorTypes.BytesOf(_inputType);
        return _input.Tensor(_inputType, [rows, .. _session.InputShape[1..]], row * count, rows * count);
    }

    private string? NotFinite(int row, int rows)
    {
        foreach (var output in _outputs)
        {
            for (var i = row; i < row + rows; i++)
            {
                var data = output.Row(i);
                var bad = Finite.FirstBad(data);
                if (bad >= 0) return $"Output '{output.Name}' of {_session.Manifest.Name} {_session.Manifest.Version} is {data[bad]} at index {bad}; the frame has no prediction.";
            }
        }
        return null;
    }

    private BoundOutput Bound(string name)
    {
        foreach (var output in _outputs)
        {
            if (output.Name == name) return output;
        }
        throw new ModelException($"The manifest names no output '{name}'; it names {string.Join(", ", _outputs.Select(output => output.Name))}.");
    }
}

/// <summary>Some rows of a slot, bound to the graph's input and outputs.</summary>
internal sealed class SlotBinding : IDisposable
{
    private readonly OrtIoBinding _binding;
    private readonly string _inputName;
    private readonly List<OrtValue> _values;
    private readonly int _row;
    private readonly bool _free;

    public SlotBinding(InferenceSession graph, OrtValue input, ModelManifest manifest, IReadOnlyList<BoundOutput> outputs, int row, int rows)
    {
        (_inputName, _values, _row) = (manifest.Input.Name, [input], row);
        _binding = graph.CreateIoBinding();
        _binding.BindInput(_inputName, input);
        if (SizeInput.NameIn(graph.InputMetadata, manifest) is { } sizeName)
        {
            _values.Add(SizeInput.Value(manifest.Input, rows));
            _binding.BindInput(sizeName, _values[^1]);
        }
        foreach (var output in outputs)
        {
            if (output.Free)
            {
                _binding.BindOutputToDevice(output.Name, OrtMemoryInfo.DefaultInstance);
                _free = true;
                continue;
            }
            var value = output.Value(row, rows);
            _values.Add(value);
            _binding.BindOutput(output.Name, value);
        }
    }

    public void Run(InferenceSession graph, RunOptions options, IReadOnlyList<BoundOutput> outputs, bool onDevice)
    {
        if (onDevice)
        {
            // A device provider copies the input over when it is bound, not when it runs.
            _binding.BindInput(_inputName, _values[0]);
            _binding.SynchronizeBoundInputs();
        }
        if (_free)
        {
            // The binding keeps what the last run made and would refuse another shape.
            foreach (var output in outputs)
            {
                if (output.Free) _binding.BindOutputToDevice(output.Name, OrtMemoryInfo.DefaultInstance);
            }
        }
        graph.RunWithBinding(options, _binding);
        if (onDevice) _binding.SynchronizeBoundOutputs();
        if (!_free) return;
        using var results = _binding.GetOutputValues();
        for (var i = 0; i < outputs.Count; i++)
        {
            if (outputs[i].Free) outputs[i].Take(_row, results[i]);
        }
    }

    public void Dispose()
    {
        _binding.Dispose();
        foreach (var value in _values) value.Dispose();
    }
}
