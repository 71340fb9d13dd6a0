using System.Text.Json;
using CvOps.Fleet.Datasets.Formats.Files;

namespace CvOps.Fleet.Datasets.Formats.Coco;

/// <summary>
/// Where in a COCO file what is said of each picture lies. The format lists pictures and objects apart, in any order; the index takes 24 bytes for an object,
/// so that the objects of a picture can be read when its turn comes.
/// </summary>
internal sealed class CocoIndex
{
    private readonly record struct Place(long Key, long Offset, int Length);

    private readonly List<Place> _images = [];
    private readonly List<Place> _annotations = [];
    private readonly Dictionary<long, int> _places = [];
    private int[] _begins = [];
    private int[] _order = [];

    public Dictionary<long, string> Categories { get; } = [];

    public int Images => _images.Count;

    public int Annotations => _annotations.Count;

    /// <summary>Reads the file once. What is wrong with ids is found here.</summary>
    /// <exception cref="JsonException">This is no JSON.</exception>
    public static CocoIndex Read(Stream stream, string file, Findings findings)
    {
        var index = new CocoIndex();
        using var json = new JsonElements(stream);
        var annotationIds = new HashSet<long>();
        if (!json.Read() || json.Token != JsonTokenType.StartObject) throw new JsonException("A COCO file is an object with 'images', 'annotations' and 'categories'.");
        while (json.Read() && json.Token == JsonTokenType.PropertyName)
        {
            switch (json.Name)
            {
                case "images":
                    Enter(json);
                    while (json.ReadElement(out var element)) index.AddImage(element, json.ElementOffset, file, findings);
                    break;
                case "categories":
                    Enter(json);
                    while (json.ReadElement(out var element)) index.AddCategory(element, file, findings);
                    break;
                case "annotations":
                    Enter(json);
                    while (json.ReadElement(out var element)) index.AddAnnotation(element, json.ElementOffset, annotationIds, file, findings);
                    break;
                default:
                    json.Skip();
                    break;
            }
        }
        if (json.Token != JsonTokenType.EndObject) throw new JsonException("The text ends in the middle.");
        index.Sort(file, findings);
        return index;
    }

    public (long Offset, int Length) Image(int image) => (_images[image].Offset, _images[image].Length);

    /// <summary>Of an image, in the order of the file.</summary>
    public IEnumerable<(long Offset, int Length)> AnnotationsOf(int image)
    {
        for (var i = _begins[image]; i < _begins[image + 1]; i++) yield return (_annotations[_order[i]].Offset, _annotations[_order[i]].Length);
    }

    private static void Enter(JsonElements json)
    {
        var name = json.Name;
        if (!json.Read() || json.Token != JsonTokenType.StartArray) throw new JsonException($"'{name}' is a list.");
    }

    private void AddImage(ReadOnlySpan<byte> element, long offset, string file, Findings findings)
    {
        var image = JsonSerializer.Deserialize(element, FormatsJson.Default.CocoImageKey);
        if (image?.Id is not { } id || string.IsNullOrEmpty(image.FileName)) findings.Error($"{file}, image number {_images.Count + 1}", "It has no 'id' or no 'file_name'.", "Give it both.");
        else if (!_places.TryAdd(id, _images.Count)) findings.Error($"{file}, image {id}", $"Two images have the id {id}.", "Give each an id of its own; nobody can tell whose the objects are.");
        else _images.Add(new Place(id, offset, element.Length));
    }

    private void AddCategory(ReadOnlySpan<byte> element, string file, Findings findings)
    {
        var category = JsonSerializer.Deserialize(element, FormatsJson.Default.CocoCategory);
        if (category?.Id is not { } id || string.IsNullOrEmpty(category.Name)) findings.Error($"{file}, category number {Categories.Count + 1}", "It has no 'id' or no 'name'.", "Give it both.");
        else if (!Categories.TryAdd(id, category.Name)) findings.Error($"{file}, category {id}", $"Two categories have the id {id}.", "Give each an id of its own.");
    }

    private void AddAnnotation(ReadOnlySpan<byte> element, long offset, HashSet<long> ids, string file, Findings findings)
    {
        var annotation = JsonSerializer.Deserialize(element, FormatsJson.Default.CocoAnnotationKey);
        if (annotation?.ImageId is not { } image) findings.Error($"{file}, annotation number {_annotations.Count + 1}", "It has no 'image_id'.", "Say which image it belongs to.");
        else if (annotation.Id is { } id && !ids.Add(id)) findings.Error($"{file}, annotation {id}", $"Two annotations have the id {id}.", "Give each an id of its own.");
        else _annotations.Add(new Place(image, offset, element.Length));
    }

    /// <summary>Counting sort by image: the order of a picture's objects is that of the file.</summary>
    private void Sort(string file, Findings findings)
    {
        _begins = new int[_images.Count + 2];
        var places = new int[_annotations.Count];
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = _places.GetValueOrDefault(_annotations[i].Key, -1);
            if (places[i] < 0) findings.Error($"{file}, annotation number {i + 1}", $"There is no image {_annotations[i].Key}.", "Add the image, or take the annotation out.");
            else _begins[places[i] + 2]++;
        }
        for (var i = 2; i < _begins.Length; i++) _begins[i] += _begins[i - 1];
        _order = new int[_annotations.Count];
        for (var i = 0; i < places.Length; i++)
            if (places[i] >= 0) _order[_begins[places[i] + 1]++] = i;
    }
}
